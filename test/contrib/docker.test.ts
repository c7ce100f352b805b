// The Dockerfile by two judges: the linter of the Docker language server, and rules of our own, for hadolint is no package.
// Neither builds the image.
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DockerfileParser, type Instruction, JSONInstruction } from 'dockerfile-ast'
import { validate } from 'dockerfile-utils'
import { describe, expect, it } from 'vitest'
import { buildProgram } from '../../src/cli/program.ts'
import { serveCommand } from '../../src/cli/serve.ts'
import { sessionsCommand } from '../../src/cli/sessions.ts'
import { parseConfig } from '../../src/config.ts'

const root = resolve(import.meta.dirname, '../..')
const text = readFileSync(join(root, 'Dockerfile'), 'utf8')
const file = DockerfileParser.parse(text)
const all = file.getInstructions()
const stages = all.reduce<Instruction[][]>((found, instruction) => {
  if (instruction.getKeyword() === 'FROM') found.push([])
  found.at(-1)?.push(instruction)
  return found
}, [])
const [build = [], final = []] = stages

function named(instructions: readonly Instruction[], keyword: string): Instruction[] {
  return instructions.filter(instruction => instruction.getKeyword() === keyword)
}

/** The arguments of the only one, as they stand there. */
function only(instructions: readonly Instruction[], keyword: string): string {
  const found = named(instructions, keyword)
  expect(found.length, keyword).toBe(1)
  return found[0]?.getArgumentsContent() ?? ''
}

/** The words of the only one, which must be in the form of a list. */
function words(instructions: readonly Instruction[], keyword: string): string[] {
  const [found] = named(instructions, keyword)
  if (!(found instanceof JSONInstruction)) throw new Error(`${keyword} is no list`)
  return found.getJSONStrings().map(word => JSON.parse(word.getValue()) as string)
}

describe('the Dockerfile', () => {
  it('pleases the linter', () => {
    expect(validate(text)).toEqual([])
  })

  it('has two stages, with bases of a named version', () => {
    expect(stages).toHaveLength(2)
    for (const stage of stages) expect(only(stage, 'FROM')).toMatch(/^node:(2[02]|[3-9]\d)-bookworm/)
  })

  it('is not root at the end', () => {
    expect(only(final, 'USER')).toBe('poplar')
    // What comes behind USER writes nothing.
    const user = final.findIndex(instruction => instruction.getKeyword() === 'USER')
    expect(named(final.slice(user), 'RUN').concat(named(final.slice(user), 'COPY'))).toEqual([])
  })

  it('takes no tools, sources or development dependencies along', () => {
    expect(named(build, 'RUN').at(-1)?.getArgumentsContent()).toContain('npm prune --omit=dev')
    const copied = named(final, 'COPY').map(instruction => instruction.getArgumentsContent() ?? '')
    expect(copied.map(line => line.split(' ').at(-1))).toEqual([
      '/opt/poplar/package.json',
      '/opt/poplar/node_modules',
      '/opt/poplar/dist',
      '/etc/poplar/poplar.toml',
    ])
    expect(named(final, 'RUN').some(run => /apt|npm/.test(run.getArgumentsContent() ?? ''))).toBe(false)
  })

  it('installs exactly what the lock names, before the sources come', () => {
    const steps = build.map(instruction => instruction.getArgumentsContent() ?? '')
    const install = steps.findIndex(step => step.includes('npm ci'))
    expect(install).toBeGreaterThan(-1)
    expect(install).toBeLessThan(steps.findIndex(step => step.includes('src')))
    expect(text).not.toContain('npm install')
  })

  it('adds nothing from elsewhere and holds no secrets', () => {
    expect(named(all, 'ADD')).toEqual([])
    expect(text).not.toMatch(/curl|wget|password|secret|token/i)
  })

  it('ends by SIGTERM, is watched, and keeps mail in a volume', () => {
    expect(only(final, 'STOPSIGNAL')).toBe('SIGTERM')
    expect(only(final, 'HEALTHCHECK')).toContain('poplar sessions --json')
    expect(only(final, 'VOLUME')).toBe('/var/lib/poplar')
  })

  it('runs commands that there are', () => {
    const program = buildProgram([serveCommand, sessionsCommand])
    expect(words(final, 'ENTRYPOINT')).toEqual(['poplar'])
    const [command, ...options] = words(final, 'CMD')
    const serve = program.commands.find(each => each.name() === command)
    expect(serve?.parseOptions(options).unknown).toEqual([])
    expect(program.commands.map(each => each.name())).toContain('sessions')
  })

  it('copies what is there and is not ignored', () => {
    const ignored = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n')
    expect(ignored).toContain('*')
    const copies = named(all, 'COPY').filter(each => !each.getTextContent().includes('--from='))
    const sources = copies.flatMap(each => (each.getArgumentsContent() ?? '').split(' ').slice(0, -1))
    expect(sources.length).toBeGreaterThan(0)
    for (const source of sources) {
      expect(existsSync(join(root, source)), source).toBe(true)
      expect(ignored).toContain(`!${source}`)
    }
  })

  it('brings a configuration that fits', () => {
    const { data, control, listen } = parseConfig(
      readFileSync(join(root, 'contrib/docker/poplar.toml'), 'utf8'),
    )
    expect(data).toBe('/var/lib/poplar')
    expect(control.socket).toBe('/run/poplar/control.sock')
    const exposed = only(final, 'EXPOSE').split(' ').map(Number)
    for (const { port } of Object.values(listen).flat()) expect(exposed).toContain(port)
  })
})
