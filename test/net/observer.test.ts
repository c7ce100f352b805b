// Many observers as one: an event costs nothing while nobody wants it.
import { expect, it } from 'vitest'
import { type ObservedSession, Observers } from '../../src/net/observer.ts'

const session = { id: 's' } as ObservedSession

it('has an event only while somebody wants it', () => {
  const observers = new Observers()
  expect(observers.command).toBeUndefined()
  const told: string[] = []
  const one = { command: (_: ObservedSession, verb: string) => told.push(`one ${verb}`) }
  const other = { command: (_: ObservedSession, verb: string) => told.push(`other ${verb}`) }
  observers.add(one)
  observers.add(other)
  observers.command?.(session, 'NOOP', 'ok', 1)
  observers.remove(one)
  observers.command?.(session, 'STAT', 'ok', 1)
  observers.remove(other)
  expect(observers.command).toBeUndefined()
  expect(told).toEqual(['one NOOP', 'other NOOP', 'other STAT'])
})

it('knows which sessions are open', () => {
  const observers = new Observers()
  observers.opened?.(session)
  expect([...observers.sessions]).toEqual([session])
  observers.ended?.(session, 'quit')
  expect([...observers.sessions]).toEqual([])
})
