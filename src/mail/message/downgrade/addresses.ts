// Addresses without UTF-8, RFC 6857 section 3.1: names become encoded words, domains A-labels. An address whose local part is
// not ASCII has no other form: its place is taken by a group without members that says so.
import { domainToASCII } from 'node:url'
import { encodedWords, isAsciiText } from './encoded-words.ts'
import { areAscii, contentOf, isSpecial, type Token, textOf, trimmed } from './tokens.ts'

/** A list of addresses and groups; the value of From, To and their like. */
export function downgradedAddressList(tokens: readonly Token[]): string {
  return splitAt(tokens, ',').map(downgradedAddress).join(',')
}

/** A list of phrases; the value of Keywords. */
export function downgradedPhrases(tokens: readonly Token[]): string {
  return splitAt(tokens, ',')
    .map(part => withBlanks(part, () => downgradedPhrase(part)))
    .join(',')
}

/** A comment, its nesting with it, as encoded words in one comment; any other token as it is. */
export function downgradedComment(token: Token): string {
  if (token.kind !== 'comment' || isAsciiText(token.text)) return token.text
  return `(${encodedWords(contentOf(token))})`
}

/** Node's function reads an authority of URLs: what ends one there must not reach it. */
const domainForm = /^[A-Za-z0-9.\-\u0080-\u{10ffff}]+$/u

/** The domain in A-labels; undefined for what is no domain. */
export function downgradedDomain(domain: string): string | undefined {
  if (isAsciiText(domain)) return domain
  return (domainForm.test(domain) && domainToASCII(domain)) || undefined
}

/** The address with its domain in A-labels; undefined when that does not make it ASCII. */
export function downgradedPath(tokens: readonly Token[]): string | undefined {
  const at = tokens.findLastIndex(token => isSpecial(token, '@'))
  const local = textOf(tokens.slice(0, at + 1))
  const domain = downgradedDomain(textOf(tokens.slice(at + 1)))
  return at > 0 && domain !== undefined && isAsciiText(local) ? local + domain : undefined
}

/** Keeps the blanks around a part, so that only what had to change changes. */
function withBlanks(part: readonly Token[], text: () => string): string {
  if (areAscii(part)) return textOf(part)
  const first = part[0]
  return (first?.kind === 'space' ? first.text : '') + text()
}

function downgradedAddress(address: readonly Token[]): string {
  const colon = address.findIndex(token => isSpecial(token, ':'))
  const angle = address.findIndex(token => isSpecial(token, '<'))
  const isGroup = colon !== -1 && (angle === -1 || colon < angle)
  return isGroup ? withBlanks(address, () => downgradedGroup(address, colon)) : downgradedMailbox(address)
}

/** Members that would become groups stand behind the group, for groups do not nest. */
function downgradedGroup(group: readonly Token[], colon: number): string {
  const end = group.findLastIndex(token => isSpecial(token, ';'))
  const list = group.slice(colon + 1, end === -1 ? group.length : end)
  const members = splitAt(list, ',').map(downgradedMailbox)
  const name = downgradedPhrase(group.slice(0, colon))
  const kept = members.filter(member => !member.endsWith(removedMark))
  const removed = members.filter(member => member.endsWith(removedMark)).map(member => member.trim())
  return [`${name}:${kept.join(',')};`, ...removed].join(', ')
}

const removedMark = ' Removed:;'

function downgradedMailbox(mailbox: readonly Token[]): string {
  return withBlanks(mailbox, () => withoutUtf8(trimmed(mailbox)))
}

function withoutUtf8(mailbox: readonly Token[]): string {
  const open = mailbox.findIndex(token => isSpecial(token, '<'))
  const close = mailbox.findLastIndex(token => isSpecial(token, '>'))
  const hasAngles = open !== -1 && close > open
  const isRemark = (token: Token) => token.kind === 'comment' || token.kind === 'space'
  const path = (hasAngles ? mailbox.slice(open + 1, close) : mailbox).filter(token => !isRemark(token))
  const before = hasAngles ? mailbox.slice(0, open) : mailbox.filter(({ kind }) => kind === 'comment')
  const after = hasAngles
    ? mailbox
        .slice(close + 1)
        .map(downgradedComment)
        .join('')
    : ''
  const name = hasAngles ? downgradedPhrase(before) : before.map(downgradedComment).join(' ')
  const address = downgradedPath(path)
  if (address === undefined) {
    const original = encodedWords(textOf(path))
    return `${name === '' ? '' : `${name} `}Internationalized Address ${original}${after}${removedMark}`
  }
  if (hasAngles) return `${name === '' ? '' : `${name} `}<${address}>${after}`
  return name === '' ? address : `${address} ${name}`
}

/** A display name: encoded as a whole, its comments apart. */
function downgradedPhrase(tokens: readonly Token[]): string {
  const comments = tokens.filter(({ kind }) => kind === 'comment').map(downgradedComment)
  const words = trimmed(tokens.filter(({ kind }) => kind !== 'comment'))
  const text = words.map(token => (token.kind === 'quoted' ? contentOf(token) : token.text)).join('')
  const phrase = areAscii(words) ? textOf(words) : encodedWords(text)
  return [phrase, ...comments].filter(part => part !== '').join(' ')
}

/** Parts between a special; not inside of angle brackets or of a group. */
function splitAt(tokens: readonly Token[], separator: string): Token[][] {
  const parts: Token[][] = [[]]
  let inAngles = false
  let inGroup = false
  for (const token of tokens) {
    if (isSpecial(token, '<')) inAngles = true
    else if (isSpecial(token, '>')) inAngles = false
    else if (isSpecial(token, ':') && !inAngles) inGroup = true
    else if (isSpecial(token, ';')) inGroup = false
    if (isSpecial(token, separator) && !inAngles && !inGroup) parts.push([])
    else parts.at(-1)?.push(token)
  }
  return parts
}
