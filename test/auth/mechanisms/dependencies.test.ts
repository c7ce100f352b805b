// The mechanisms and all they import need nothing but Node: the clients among them are part of a library without
// dependencies.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import ts from 'typescript'
import { expect, it } from 'vitest'

const folder = resolve(import.meta.dirname, '../../../src/auth/mechanisms')

function externalImports(files: readonly string[]): string[] {
  const seen = new Set<string>()
  const external: string[] = []
  const visit = (file: string) => {
    if (seen.has(file)) return
    seen.add(file)
    for (const { fileName } of ts.preProcessFile(readFileSync(file, 'utf8'), true, true).importedFiles) {
      if (fileName.startsWith('.')) visit(resolve(dirname(file), fileName))
      else if (!fileName.startsWith('node:')) external.push(fileName)
    }
  }
  files.forEach(visit)
  return [...new Set(external)]
}

it('no mechanism imports anything from outside', () => {
  const files = readdirSync(folder).map(name => join(folder, name))
  expect(files.length).toBeGreaterThan(10)
  expect(externalImports(files)).toEqual([])
  // The look itself can find something.
  expect(externalImports([join(folder, '../prepare.ts')])).toEqual(['@mongodb-js/saslprep'])
})
