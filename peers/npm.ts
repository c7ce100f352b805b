// POP3 servers that npm has: libraries, which a program of ours puts on a port with a folder for a maildrop. They are
// installed into the layer; what they compile is compiled against the headers of this machine's Node.
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../bench/servers/processes.ts'
import type { Deliver } from '../src/conformance/delivery.ts'
import { startUntilGreets } from './greeting.ts'
import { unixLines } from './handing-over.ts'
import type { Layer } from './layer.ts'
import { credentials, type Peer } from './peer.ts'

const folder = '/opt/peer'
const mailFolder = `${folder}/mail`

export const wildduck = fromNpm('wildduck', 'WildDuck', '@zone-eu/wildduck')
/** Its character sets are a program to compile; nothing else runs scripts. */
export const n3 = fromNpm('n3', 'N3', 'pop3-n3', ['iconv'])

/** `name`: of the program in programs/; `compiled`: packages that have something to compile. */
function fromNpm(name: string, title: string, packageName: string, compiled: readonly string[] = []): Peer {
  return {
    name,
    title,
    arrangement: `\`${packageName}\` of npm; its POP3 alone, over a folder of ours`,
    async start(layer: Layer) {
      for (const file of ['mail-folder.js', `${name}.js`]) {
        const program = readFileSync(join(import.meta.dirname, 'programs', file), 'utf8')
        layer.write(`${folder}/${file}`, program)
      }
      layer.write(`${folder}/package.json`, '{ "private": true, "type": "module" }\n')
      await layer.runOrFail(['mkdir', mailFolder])
      const quietly = ['--ignore-scripts', '--omit=dev', '--no-audit', '--no-fund', '--loglevel=error']
      await layer.runOrFail(['npm', 'install', '--prefix', folder, ...quietly, packageName])
      if (compiled.length > 0)
        await layer.runOrFail(['npm', 'rebuild', '--prefix', folder, '--nodedir=/usr', ...compiled])
      const port = await freePort()
      const { user, password } = credentials
      const program = ['node', `${folder}/${name}.js`, String(port), mailFolder, user, password]
      // As whoever runs it for others would have it: started again when a client has brought it down.
      await startUntilGreets(layer, ['sh', '-c', 'while :; do "$@"; done', 'sh', ...program], [port])
      const manifest = layer.read(`${folder}/node_modules/${packageName}/package.json`)
      return {
        version: (JSON.parse(manifest) as { version: string }).version,
        port,
        deliver: into(layer),
      }
    },
  }
}

/**
 * A file is there as a whole or not at all; names sort in the order of delivery. Every line ends by CRLF: what to do with
 * other line ends is for the storage of a product, and this is ours.
 */
function into(layer: Layer): Deliver {
  let count = 0
  return async octets => {
    const name = String(++count).padStart(6, '0')
    const text = unixLines(octets).toString('latin1').replaceAll('\n', '\r\n')
    const path = layer.path(mailFolder)
    writeFileSync(join(path, `.${name}`), text, 'latin1')
    renameSync(join(path, `.${name}`), join(path, name))
  }
}
