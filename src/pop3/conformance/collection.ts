// Takes messages of other suites out of a maildrop: what SMTP or LMTP brought, as POP3 shows it.
import { Failure, Unable } from '../../conformance/case.ts'
import type { Collect } from '../../conformance/collection.ts'
import { MaildropSession, type SessionOptions } from './maildrop-session.ts'

export function collectionBy(options: SessionOptions): Collect {
  return async mark => {
    try {
      return await MaildropSession.use(options, session => taken(session, mark))
    } catch (error) {
      if (error instanceof Failure)
        throw new Unable(`the maildrop cannot be read: ${error.message}`, { cause: error })
      throw error
    }
  }
}

async function taken(session: MaildropSession, mark: string): Promise<readonly Buffer[]> {
  const messages: Buffer[] = []
  const count = await session.count()
  for (let number = 1; number <= count; number++) {
    if (!(await session.header(number)).includes(mark)) continue
    messages.push(await session.message(number))
    await session.delete(number)
  }
  return messages
}
