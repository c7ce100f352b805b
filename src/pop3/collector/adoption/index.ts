// What other collectors left, for whoever takes it over.
export { type AdoptionOutcome, adopt, identityOf, portOf } from './adopt.ts'
export type { Adopted, AdoptedSource } from './adopted.ts'
export { type Comparison, compareListing, unfoldedKeys } from './comparison.ts'
export { configText } from './config-text.ts'
export { ForeignFileError } from './foreign.ts'
export { writePasswordFiles } from './password-files.ts'
export { readForeignState } from './read-foreign-state.ts'
