// A case of the POP3 suite.
import type { ConformanceCase, Section } from '../../conformance/case.ts'
import type { LetterName } from './letters.ts'
import type { Need } from './needs.ts'
import type { Pop3Play } from './play.ts'

export type Pop3Case = ConformanceCase<Pop3Play, Need, LetterName>

export type Pop3Section = Section<Pop3Case>
