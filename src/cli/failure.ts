// How a command ends badly: one sentence for standard error and an exit code.

/** 0 when all went well. `deliver` has codes of its own (sysexits). */
export const exitCodes = { failed: 1, usage: 2 } as const

/** Ends the command with `exitCode`; `message` goes to standard error as one line, without a stack. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'
  readonly exitCode: number

  constructor(message: string, exitCode: number = exitCodes.failed, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
  }
}
