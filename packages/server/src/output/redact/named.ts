/**
 * Masks values whose name says that they are secret: `name=value`, `name: value`, `"name":
 * "value"` (also as JSON within JSON) and `--name value`.
 */
export function maskNamed(text: string): string {
  let masked = ''
  let done = 0
  NAME.lastIndex = 0
  for (let match = NAME.exec(text); match; match = NAME.exec(text)) {
    const [whole, word = '', suffix = '', assignment = ''] = match
    const before = nameBefore(text, match.index, done)
    // What is behind the word may be the beginning of another name.
    NAME.lastIndex = match.index + word.length
    if (!isSecretName(before, word.toLowerCase(), suffix)) continue
    if (assignment.trim() === '' && !before.startsWith('--')) continue
    const { from, to } = valueAt(text, match.index + whole.length)
    if (isHarmless(text.slice(from, to), before + word.toLowerCase(), assignment.trim())) continue
    masked += `${text.slice(done, from)}***`
    done = to
    NAME.lastIndex = to
  }
  return done === 0 ? text : masked + text.slice(done)
}

/**
 * The word that tells, what the name has behind it, and what is between name and value. Nothing
 * before the word is matched: looking back from each word is what keeps this linear.
 */
const NAME =
  /(passw(?:or)?d|passphrase|pwd|secret|token|credentials?|(?:api|access|account|private|signing|encryption|master|admin)[_-]?key|connection[_-]?string)([\w-]{0,64})(?:\\{0,3}["'`])?([ \t]{0,8}(?:=>|:=|=(?!=)|:(?!\/\/))[ \t]{0,8}|[ \t]{1,4})(?=\S)/gi

const NAME_PART = /[\w.-]/

function nameBefore(text: string, end: number, notBefore: number): string {
  let from = end
  while (from > notBefore && end - from < 64 && NAME_PART.test(text[from - 1] as string)) from--
  return text.slice(from, end).toLowerCase()
}

/** What a name ends with that says something about a secret, and does not hold it. */
const ABOUT =
  /[_-]?(?:path|paths|file|files|filename|dir|url|uri|name|names|ref|type|id|ids|length|len|size|count|limit|ttl|expiry|expires|expires_in|expiration|env|vars?|policy|format|version|keyref|manager|provider|scope|only|required|enabled)$/i
/** Of the tokens that a model reads and writes. */
const MODEL_TOKEN =
  /(?:^|[_-])(?:bos|eos|pad|unk|sep|cls|mask|image|video|audio|stop|start|end|special|max|min|num|per|next|last|first|total|output|input|prompt|per_output|each|every|unexpected|invalid)[_-]?$/

function isSecretName(before: string, word: string, suffix: string): boolean {
  if (word === 'token') {
    return (
      /^(?:[_-]?(?:value|secret|key|data|b64|base64))?\d{0,3}$/i.test(suffix) &&
      !MODEL_TOKEN.test(before)
    )
  }
  // `PWD` alone is the working directory.
  if (word === 'pwd') return suffix === '' && /[a-z_-]$/.test(before) && before !== 'old'
  return !ABOUT.test(suffix)
}

const NOTHING =
  /^(?:none|null|nil|true|false|undefined|yes|no|str|string|bytes|int|bool|any|optional\S*|\*+)[,;.)\]}]*$/i
const PUNCTUATION = /^[,;:.()[\]{}]*$/
/** In prose, what is behind `token:` is a short word or a number. */
const SHORT_TOKEN = 8

function isHarmless(value: string, name: string, assignment: string): boolean {
  if (PUNCTUATION.test(value) || NOTHING.test(value)) return true
  if (assignment === '' && value.startsWith('-')) return true
  if (!name.endsWith('token') || name.startsWith('x-')) return false
  if (/^\d{0,7}$|^\d{1,20}[.,][\d.,]{1,20}$/.test(value)) return true
  return assignment !== '=' && value.length < SHORT_TOKEN
}

interface Value {
  readonly from: number
  readonly to: number
}

const QUOTE = /(\\{0,3})(["'`])/y
const BARE = /[^\s"'`]*/y

function valueAt(text: string, at: number): Value {
  QUOTE.lastIndex = at
  const quote = QUOTE.exec(text)
  if (quote) {
    const from = at + quote[0].length
    return { from, to: closing(text, from, quote[2] as string, (quote[1] as string).length) }
  }
  BARE.lastIndex = at
  const to = at + (BARE.exec(text)?.[0].length ?? 0)
  // A backslash here belongs to the quote that follows.
  let end = to
  while (end > at && text[end - 1] === '\\' && to < text.length) end--
  return { from: at, to: end }
}

/**
 * Where the quoted value ends; one without an end goes on to the text's. A quote within the value
 * has more backslashes than the one that opened it: in JSON within JSON `\"` closes, `\\\"` does not.
 */
function closing(text: string, from: number, quote: string, depth: number): number {
  for (let at = text.indexOf(quote, from); at !== -1; at = text.indexOf(quote, at + 1)) {
    let backslashes = 0
    while (at - backslashes > from && text[at - backslashes - 1] === '\\') backslashes++
    if (backslashes % (2 * (depth + 1)) !== depth) continue
    // The shell's way to write a quote within quotes.
    if (text.startsWith(`\\''`, at + 1)) at += 3
    else if (text.startsWith(`"'"'`, at + 1)) at += 4
    else return at - depth
  }
  return text.length
}

/** Whether a variable of this name holds a secret. */
export function saysSecret(name: string): boolean {
  return maskNamed(`${name}=Zq7hT2xW`) !== `${name}=Zq7hT2xW`
}
