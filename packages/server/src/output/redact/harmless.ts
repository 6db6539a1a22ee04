import { saysSecret } from './secret-name.js'

/** True if what stands in a secret's place is none: nothing, a type, a reference to a variable. */
export function isHarmless(value: string, name: string, assignment: string): boolean {
  // Every value below is short, which keeps hostile ones from being looked at more than once.
  if (value.length > LONGEST) return false
  if (PUNCTUATION.test(value) || NOTHING.test(value) || TYPE.test(value)) return true
  if (assignment === '' && value.startsWith('-')) return true
  if (isReference(value) || isItsOwnName(value, name)) return true
  if (!name.endsWith('token') || name.startsWith('x-')) return false
  if (/^\d{0,7}[,;)\]}]{0,4}$|^\d{1,20}[.,][\d.,]{1,20}[;)\]}]{0,4}$/.test(value)) return true
  // In prose, a short word or a number comes behind `token:`.
  return assignment !== '=' && assignment !== '>' && value.length < SHORT_TOKEN
}

/** The most characters of a value that can be harmless. */
export const LONGEST = 100
const SHORT_TOKEN = 8
const NOTHING =
  /^(?:none|null|nil|true|false|undefined|yes|no|str|string|bytes|int|bool|any|optional|\*{3,})[,;.)\]}]{0,8}$/i
/** Also what begins a block of YAML. */
const PUNCTUATION = /^[,;:.()[\]{}|>+-]*$/
/** `token: Optional[str] = None`, in a signature. */
const TYPE = /^(?:typing\.)?(?:optional|union|list|dict|type)\[[a-z_.,[\]|]{0,80}[,;.)\]}]{0,8}$/i

/** `$HF_TOKEN` and `${HF_TOKEN}` are a secret's name, and no secret. */
function isReference(value: string): boolean {
  const name = REFERENCE.exec(value)?.[1]
  return name !== undefined && saysSecret(name)
}

const REFERENCE = /^\\?\$\{?([A-Z_][A-Z0-9_]{0,63})\}?[,;.)\]}]{0,4}$/

/** `token=token` and `api_key=self.api_key`, in a program's text. */
function isItsOwnName(value: string, name: string): boolean {
  if (ENVIRONMENT.test(value)) return true
  const word = PATH.exec(value)?.[1]
  return word !== undefined && plainName(name).endsWith(plainName(word))
}

const ENVIRONMENT = /^(?:process\.env\b|os\.environ\b|os\.getenv\()/
const PATH = /^[<[{(]{0,2}(?:[A-Za-z_]\w{0,30}\.){0,3}([A-Za-z_]\w{3,63})[,;)\]}>]{0,4}$/

function plainName(name: string): string {
  return name.toLowerCase().replace(/[_-]/g, '')
}
