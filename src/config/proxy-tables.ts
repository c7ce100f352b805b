// The table of proxies: who may say on whose behalf it connects.
import { z } from 'zod'
import { choices, describe, network } from './key.ts'

const behindProxies = ['pop3', 'pop3s', 'pop2', 'smtp', 'lmtp'] as const

const networks = (description: string) =>
  describe(z.array(network).default([]), {
    takes: 'a list of addresses and ranges such as ["192.0.2.7", "192.0.2.0/24"]',
    byDefault: { inWords: 'none', example: ['192.0.2.7'] },
    description,
  })

export const proxy = z
  .strictObject({
    networks: networks(
      'Proxies that begin each connection with a header of the PROXY protocol, version 1 or 2. They must; from nobody else it is accepted.',
    ),
    services: choices(behindProxies, behindProxies, 'The services that these proxies connect to.'),
    xclient: networks(
      'Mail servers that may say by XCLIENT, in SMTP and LMTP, on whose behalf they bring mail.',
    ),
  })
  .prefault({})
