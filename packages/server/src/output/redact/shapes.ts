import { patternRule, type Rule } from './rule.js'
import { WORD_BEGIN } from './word-begin.js'

/**
 * Credentials that are told by what is around them. None of these scans far and then fails, or
 * hostile output would cost the square of its length: what is long needs nothing behind it.
 */
export const SHAPES: readonly Rule[] = [
  patternRule(
    'Authorization',
    ['riz'],
    /(\bauthorization\\*["']?\s{0,4}[:=]\s{0,4}\\*["']?(?:[a-z][\w-]{0,20} {1,4})?)(?!(?:none|null|true|false)\b|(?:bearer|basic|digest|negotiate|token|apikey) {1,4}\*{3})(?=[^\s"'\\]{0,16}\w)[^\s"'\\]+/gi,
  ),
  patternRule(
    'Bearer',
    ['rer'],
    /(\bbearer[ :=]{1,4}(?=[A-Za-z._~+/-]{0,20}(?:\d|[A-Za-z._~+/-]{16})))[\w.~+/=-]{8,}/gi,
  ),
  patternRule(
    'login of an image registry',
    ['th"', 'th\\\\'],
    /("auth\\{0,3}"\s{0,4}:\s{0,4}\\{0,3}")[A-Za-z0-9+/]{8,}={0,2}/g,
  ),
  patternRule(
    'signature in a URL',
    ['sig'],
    /((?:[?&;,\s]|\\u0026|&amp;)(?:sig|(?:x-(?:amz|goog)-)?signature)=)[^\s&"'\\]+/gi,
  ),
  onlyWith(
    '@',
    patternRule(
      'password in a URL',
      ['://', ':\\/'],
      /(:\\?\/\\?\/[^\s/?#@:"'\\]{0,256}:)(?:[^\s/?#"'\\]{1,1024}|(?!\d{1,5}[/\\])[^\s"'<>@]{1,256})(?=@(?!sha256:))/g,
    ),
  ),
  onlyWith(
    '@',
    patternRule(
      'user that is a token',
      ['://', ':\\/'],
      /(:\\?\/\\?\/)(?=[\w-]{0,64}\d)[\w-]{24,256}(?=@)/g,
    ),
  ),
  patternRule(
    'Azure client secret',
    Array.from({ length: 10 }, (_, digit) => `${digit}Q~`),
    new RegExp(`(?=[\\w~.]{3}\\dQ~)${WORD_BEGIN}[\\w~.]{3}\\dQ~[\\w~.-]{31,34}`, 'g'),
  ),
  patternRule(
    'Telegram bot',
    [':AA'],
    new RegExp(`(?=\\d{8,10}:)${WORD_BEGIN}\\d{8,10}:AA[\\w-]{30,}`, 'g'),
  ),
  patternRule(
    'JWT in base64',
    ['zxl'],
    new RegExp(`(?=ZXlK)${WORD_BEGIN}ZXlK[\\w+/-]{40,}={0,2}`, 'g'),
  ),
]

/** The rule, for texts that have the character: a look for it is cheaper than a try at each place. */
function onlyWith(character: string, rule: Rule): Rule {
  return { ...rule, mask: (text) => (text.includes(character) ? rule.mask(text) : text) }
}
