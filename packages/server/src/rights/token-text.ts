import { createHash, createHmac, randomInt } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { SCOPES, type Scope } from '@launchtail/client/protocol'

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** 178 bits: nobody guesses one. */
const RANDOM = 30
/** 62^6 is above 2^32. */
const CHECK = 6

const TOKEN = new RegExp(
  `^(lt_(?:${SCOPES.join('|')})_[0-9A-Za-z]{${RANDOM}})([0-9A-Za-z]{${CHECK}})$`,
)

/** Creates a token: its widest right, random digits, and a checksum of both. */
export function newTokenText(scopes: readonly Scope[]): string {
  const kind = SCOPES.find((scope) => scopes.includes(scope))
  const random = Array.from({ length: RANDOM }, () => DIGITS[randomInt(DIGITS.length)])
  const text = `lt_${kind}_${random.join('')}`
  return text + checkOf(text)
}

/** The token of a launch: always the same for a launch and a key. */
export function launchTokenText(key: Buffer, launchId: string): string {
  const digest = createHmac('sha256', key)
    .update(`ingest token of launch ${launchId}`)
    .digest('hex')
  let rest = BigInt(`0x${digest}`)
  let random = ''
  while (random.length < RANDOM) {
    random += DIGITS[Number(rest % 62n)]
    rest /= 62n
  }
  const text = `lt_ingest_${random}`
  return text + checkOf(text)
}

/** True if a text can be one of these tokens. One that was mistyped or cut cannot. */
export function isTokenText(text: string): boolean {
  const [, body, check] = TOKEN.exec(text) ?? []
  return body !== undefined && checkOf(body) === check
}

/** Enough of a token to tell it from others. */
export function hintOf(text: string): string {
  return `${text.slice(0, text.lastIndexOf('_') + 1)}…${text.slice(-4)}`
}

export function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function checkOf(text: string): string {
  let rest = crc32(text)
  let check = ''
  while (check.length < CHECK) {
    check = DIGITS[rest % DIGITS.length] + check
    rest = Math.floor(rest / DIGITS.length)
  }
  return check
}
