/** The words of a name that say that its value is secret. */
export const SECRET_WORD =
  '(?:passw(?:or)?d|passphrase|pwd|secret|token|credentials?|(?:api|access|account|private|signing|encryption|master|admin)[_-]?key|connection[_-]?string)'

/** Three characters out of each of them. */
export const NAME_HINTS = ['pas', 'pwd', 'ecr', 'tok', 'ede', 'key', 'onn']

/** What a name ends with that says something about a secret, and does not hold it. */
const ABOUT =
  /[_-]?(?:path|paths|file|files|filename|dir|url|uri|name|names|ref|type|id|ids|length|len|size|count|limit|ttl|expiry|expires|expires_in|expiration|env|vars?|policy|format|version|keyref|manager|provider|scope|only|required|enabled)$/i
/** Of the tokens that a model reads and writes. */
const MODEL_TOKEN =
  /(?:^|[_-])(?:bos|eos|pad|unk|sep|cls|mask|image|video|audio|stop|start|end|special|max|min|num|per|next|last|first|total|output|input|prompt|per_output|each|every|unexpected|invalid)[_-]?$/
const OF_A_TOKEN = /^(?:[_-]?(?:value|secret|key|data|b64|base64))?\d{0,3}$/i

/** True if a name that has `before` and `suffix` around a word in lower case is a secret's. */
export function isSecretName(before: string, word: string, suffix: string): boolean {
  if (word === 'token') return OF_A_TOKEN.test(suffix) && !MODEL_TOKEN.test(before)
  // `PWD` alone is the working directory.
  if (word === 'pwd') return suffix === '' && /[a-z_-]$/.test(before) && before !== 'old'
  return !ABOUT.test(suffix)
}

/** True if a variable of this name holds a secret. */
export function saysSecret(name: string): boolean {
  if (name.length > LONGEST) return false
  WORD.lastIndex = 0
  for (let match = WORD.exec(name); match; match = WORD.exec(name)) {
    const end = match.index + match[0].length
    const before = name.slice(0, match.index).toLowerCase()
    if (isSecretName(before, match[0].toLowerCase(), name.slice(end))) return true
    WORD.lastIndex = end
  }
  return false
}

const LONGEST = 256
const WORD = new RegExp(SECRET_WORD, 'gi')
