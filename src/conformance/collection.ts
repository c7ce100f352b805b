// How a suite gets at what has arrived where mail for its recipient lies.

/** Takes the messages out of there whose header has that text, in their order. Throws `Unable` where nobody lets it in. */
export type Collect = (mark: string) => Promise<readonly Buffer[]>
