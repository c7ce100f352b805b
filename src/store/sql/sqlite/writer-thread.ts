// The thread that writes: owns the write connection, runs what has queued up as one transaction, answers in one message.
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { type Answer, Batches, type Request } from './batch.ts'
import { openWriterFiles, type WriterOptions } from './writer-files.ts'

/** What goes into one transaction at most, so that the first of them need not wait for too many others. */
const batchRequests = 512

export type Message = readonly Request[] | 'close'

/** One transaction, and how long it took. */
export interface Written {
  readonly answers: readonly Answer[]
  readonly durationMs: number
}

const port = parentPort
if (!port) throw new Error('the writer runs as a thread')
const batches = new Batches(openWriterFiles(workerData as WriterOptions))

port.on('message', (first: Message) => {
  let closing = false
  const queue: Request[] = []
  const take = (message: Message) => {
    if (message === 'close') closing = true
    else for (const request of message) queue.push(request)
  }
  take(first)
  while (queue.length > 0 || !closing) {
    // What arrived while the last transaction was written joins the next.
    for (let more = receiveMessageOnPort(port); more; more = receiveMessageOnPort(port))
      take(more.message as Message)
    if (queue.length === 0) break
    const startedAtMs = performance.now()
    const answers = batches.run(queue.splice(0, batchRequests))
    port.postMessage({ answers, durationMs: performance.now() - startedAtMs } satisfies Written)
  }
  if (!closing) return
  batches.close()
  port.close()
})
