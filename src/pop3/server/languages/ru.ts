// Russian.
import type { Catalogue } from './catalogue.ts'

type Forms = readonly [one: string, few: string, many: string]
const messageForms: Forms = ['сообщение', 'сообщения', 'сообщений']
const octetForms: Forms = ['октет', 'октета', 'октетов']

/** 1 сообщение, 2 сообщения, 5 сообщений, 11 сообщений, 21 сообщение. */
function counted(count: number, [one, few, many]: Forms): string {
  const ones = count % 10
  const isTeen = Math.floor(count / 10) % 10 === 1
  if (isTeen || ones === 0 || ones > 4) return `${count} ${many}`
  return `${count} ${ones === 1 ? one : few}`
}

const contents = (messages: number, octets: number) =>
  `${counted(messages, messageForms)} (${counted(octets, octetForms)})`

export const ru: Catalogue = {
  sendPass: 'введите PASS',
  needsUser: 'сначала введите USER',
  noApop: 'APOP здесь не поддерживается',
  noAuth: 'AUTH здесь не поддерживается',
  noSuchMechanism: 'нет такого механизма',
  mechanismsFollow: 'список механизмов',
  loginRefused: 'ошибка аутентификации',
  tooSoon: 'с последнего входа прошло слишком мало времени, повторите попытку позже',
  needsTls: 'перед входом требуется TLS',
  beginTls: 'начинайте согласование TLS',
  tlsActive: 'TLS уже включён',
  noTls: 'TLS здесь недоступен',
  utf8Enabled: 'режим UTF-8 включён',
  goodbye: 'до свидания',

  capabilitiesFollow: 'список возможностей',
  help: verbs => `допустимые команды: ${verbs}`,
  languagesFollow: 'список языков',
  languageChosen: 'выбран русский язык',
  noSuchLanguage: 'нет такого языка',
  notInThisState: 'команда недопустима в этом состоянии',
  lineTooLong: 'слишком длинная строка',
  shuttingDown: 'сервер завершает работу',
  endedByOperator: 'сеанс завершён оператором',
  problems: {
    empty: 'пустая строка',
    unknown: 'неизвестная команда',
    controls: 'управляющие символы недопустимы',
    argument: 'эта команда не принимает аргументов',
    name: 'ожидается одно имя пользователя',
    password: 'ожидается пароль',
    mechanism: 'ожидается механизм и не более одного начального ответа',
    digest: 'ожидается имя пользователя и дайджест из 32 шестнадцатеричных цифр',
    message: 'ожидается номер сообщения',
    lines: 'ожидается номер сообщения и число строк',
    language: 'ожидается код языка или звёздочка',
  },

  contents,
  unmarked: (messages, octets) => `в ящике ${contents(messages, octets)}`,
  octets: octets => counted(octets, octetForms),
  topFollows: 'начало сообщения',
  uniqueIdsFollow: 'список уникальных идентификаторов',
  deleted: message => `сообщение ${message} удалено`,
  alreadyDeleted: message => `сообщение ${message} уже удалено`,
  noSuchMessage: messages => `нет такого сообщения, всего в ящике ${counted(messages, messageForms)}`,
  mayOnlyRead: 'с этим входом можно читать, но не удалять',
  signingOff: left =>
    left === 0 ? 'сеанс завершён (ящик пуст)' : `сеанс завершён (в ящике ${counted(left, messageForms)})`,

  refusals: {
    'maildrop-in-use': 'ящик занят другим сеансом',
    'lease-lost': 'блокировка ящика утрачена',
    'message-gone': 'сообщение больше не существует',
    'store-full': 'в хранилище почты нет места',
    'store-busy': 'хранилище почты занято, повторите попытку позже',
    'store-closed': 'хранилище почты закрыто',
    'directory-unavailable': 'учётные записи сейчас недоступны, повторите попытку позже',
    'no-such-account': 'ящик больше не существует',
    other: 'хранилище почты отказало',
  },
  fault: id => `внутренняя ошибка ${id}`,
  nothingRemoved: messages => `ничего не удалено, в ящике по-прежнему ${counted(messages, messageForms)}`,
  removalUncertain: 'неизвестно, что было удалено',
}
