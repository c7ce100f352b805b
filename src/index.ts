// The door `poplar-mail`: a whole mail office inside your program.
export { defaultPasswordCost, hashPassword, type PasswordCost } from './auth/password.ts'
export {
  type Config,
  ConfigError,
  loadConfig,
  type Mistake,
  parseConfig,
  type ServiceName,
} from './config.ts'
export type { Account, AccountName } from './mail/account.ts'
export type { MailDelivery } from './mail/delivery/deliver.ts'
export { isRefusal, Refusal, type RefusalCode } from './mail/errors.ts'
export type { Store } from './mail/store.ts'
export type { InheritedSocket } from './net/inherited-sockets.ts'
export type { ListenAddress } from './net/listener.ts'
export type { Log } from './net/log.ts'
export { createService, type Service, type ServiceListener, type ServiceOptions } from './service.ts'
export { createMemoryStore, type MemoryStoreOptions } from './store/memory-store.ts'
