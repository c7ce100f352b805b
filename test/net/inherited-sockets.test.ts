import { describe, expect, it } from 'vitest'
import { descriptorFault, takeInheritedSockets } from '../../src/net/inherited-sockets.ts'

const pid = 4711

function environment(count: string, names?: string, owner = String(pid)): NodeJS.ProcessEnv {
  return { LISTEN_PID: owner, LISTEN_FDS: count, ...(names !== undefined && { LISTEN_FDNAMES: names }) }
}

describe('inherited sockets', () => {
  it('are descriptors from 3 on, in the order of their names', () => {
    expect(takeInheritedSockets(environment('3', 'pop3:smtp:pop3'), pid)).toEqual([
      { fd: 3, name: 'pop3' },
      { fd: 4, name: 'smtp' },
      { fd: 5, name: 'pop3' },
    ])
  })

  it.each([
    ['there are no variables', {}],
    ['they are for a parent', environment('1', 'pop3', '1')],
    ['they do not say for whom', { LISTEN_FDS: '1', LISTEN_FDNAMES: 'pop3' }],
    ['there is no number', { LISTEN_PID: String(pid) }],
  ])('are none where %s', (_reason, variables) => {
    expect(takeInheritedSockets(variables, pid)).toEqual([])
  })

  it.each([
    ['0', 'pop3', 'LISTEN_FDS'],
    ['-1', 'pop3', 'LISTEN_FDS'],
    ['1e2', 'pop3', 'LISTEN_FDS'],
    ['', 'pop3', 'LISTEN_FDS'],
    ['9999', 'pop3', 'LISTEN_FDS must be a number from 1 to 1000'],
    ['2', 'pop3', 'LISTEN_FDNAMES has 1 names for 2 sockets'],
    ['1', 'pop3:smtp', 'LISTEN_FDNAMES has 2 names for 1 sockets'],
    ['1', undefined, 'LISTEN_FDNAMES has 0 names for 1 sockets'],
  ])('of LISTEN_FDS=%j and LISTEN_FDNAMES=%j make no sense', (count, names, complaint) => {
    expect(() => takeInheritedSockets(environment(count, names), pid)).toThrow(complaint)
  })

  it('are not there when their descriptor is not open', () => {
    expect(descriptorFault(999_999)).toBe('it is not open')
  })

  it('are handed to no child of ours, whoever they were for', () => {
    for (const owner of ['4711', '1']) {
      const variables = { ...environment('1', 'pop3', owner), HOME: '/root' }
      takeInheritedSockets(variables, pid)
      expect(variables).toEqual({ HOME: '/root' })
    }
  })
})
