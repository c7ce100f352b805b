// The table of the control socket, by which `poplar sessions`, `trace` and `top` reach a running server.
import { z } from 'zod'
import { path } from './key.ts'

export const control = z
  .strictObject({
    socket: path(
      '/run/poplar/control.sock',
      'The Unix socket by which `poplar sessions`, `poplar trace` and `poplar top` reach the running server. Only the user it runs as, and root, may use it.',
      '`control.sock` in the data folder',
    ),
  })
  .prefault({})
