/** A kind of credential that can be told by its looks. `$1`, if there is one, is kept. */
export interface Shape {
  readonly name: string
  readonly when: RegExp
  readonly keeps?: true
}

/** Where a token may begin: not within a word, but behind a line end that is written out. */
const BEGIN = String.raw`(?<![A-Za-z0-9_-])|(?<=\\[nrt])`

/**
 * None of these scans far and then fails, or hostile output would cost the square of its length:
 * what is long needs nothing behind it, or begins only where a word does.
 */
export const SHAPES: readonly Shape[] = [
  { name: 'Hugging Face', when: /(?:hf|api_org)_(?:oauth_)?[A-Za-z0-9]{16,}/g },
  { name: 'AWS access key', when: /(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7][A-Z0-9]{15}(?![a-z])/g },
  { name: 'Google', when: /AIza[\w-]{30,}|ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}/g },
  { name: 'GitHub', when: /gh[a-z]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{20,}/g },
  {
    name: 'OpenAI',
    when: new RegExp(`(?:${BEGIN})sk-(?=[a-z_-]{0,100}[A-Z0-9])[\\w-]{20,}`, 'g'),
  },
  {
    name: 'SkyPilot',
    when: new RegExp(
      `(?:${BEGIN}|(?<=_))sky_(?:[A-Za-z0-9]{20}|(?=[a-z0-9_-]{0,30}[A-Z])(?=[A-Za-z_-]{0,30}\\d)[\\w-]{30})[\\w.-]*`,
      'g',
    ),
  },
  {
    name: 'Launchtail',
    when: /(?<![A-Za-z0-9])lt_[A-Za-z0-9]{20,}|(?<=\\[nrt])lt_[A-Za-z0-9]{20,}/g,
  },
  { name: 'Slack', when: /xox[a-z]-[\w-]{10,}|xapp-[\w-]{10,}/g },
  {
    name: 'JWT',
    when: new RegExp(`(?:${BEGIN})eyJ[\\w-]{6,}(?:\\.[\\w-]*){2,4}`, 'g'),
  },
  {
    name: 'Authorization',
    when: /(\bauthorization\\*["']?\s{0,4}[:=]\s{0,4}\\*["']?(?:[a-z][\w-]{0,20} {1,4})?)(?!(?:none|null|true|false)\b)[^\s"'\\]+/gi,
    keeps: true,
  },
  {
    name: 'Bearer',
    when: /(\bbearer[ :=]{1,4}(?=[A-Za-z._~+/-]{0,20}(?:\d|[A-Za-z._~+/-]{16})))[\w.~+/=-]{8,}/gi,
    keeps: true,
  },
  {
    name: 'signature in a URL',
    when: /((?:[?&;,\s]|\\u0026)(?:sig|(?:x-(?:amz|goog)-)?signature)=)[^\s&"'\\]+/gi,
    keeps: true,
  },
  {
    name: 'password in a URL',
    when: /(:\\?\/\\?\/[^\s/?#@:"'\\]{0,256}:)(?:[^\s/?#"'\\]{1,1024}|(?!\d{1,5}[/\\])[^\s"'<>@]{1,256})(?=@(?!sha256:))/g,
    keeps: true,
  },
  {
    name: 'user that is a token',
    when: /(:\\?\/\\?\/)(?=[\w-]{0,64}\d)[\w-]{24,256}(?=@)/g,
    keeps: true,
  },
]
