// A file system of one mebibyte, which only root can mount; elsewhere the test is skipped with the reason.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'vitest'

export async function onSmallDisk(
  context: TestContext,
  work: (disk: { readonly folder: string }) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'poplar-disk-'))
  const options = ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]
  const { status, stderr } = spawnSync('mount', options, { encoding: 'utf8' })
  if (status !== 0) {
    rmSync(folder, { recursive: true })
    context.skip(`cannot mount a small file system here: ${stderr?.trim() || 'no mount command'}`)
  }
  try {
    await work({ folder })
  } finally {
    spawnSync('umount', [folder])
    rmSync(folder, { recursive: true, force: true })
  }
}
