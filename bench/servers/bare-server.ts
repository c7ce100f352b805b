// The ceiling: the benchmark's commands, answered from memory by one process.
import { mixedMaildrops } from '../corpus.ts'
import { listenBare } from './bare-maildrops.ts'

listenBare(mixedMaildrops(), Number(process.argv[2]))
