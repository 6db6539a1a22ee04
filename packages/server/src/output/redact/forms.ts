/**
 * Every way a secret is likely to be written in a log: as it is, and encoded or escaped by the
 * tools that handle it. A value of several lines is also looked for line by line.
 */
export function formsOf(value: string): Set<string> {
  const forms = new Set<string>()
  const whole = wellFormed(value)
  // A secret that was read from a file ends with a line end that is not printed with it.
  for (const text of new Set([whole, whole.trim()])) {
    if (!isSecret(text)) continue
    for (const form of [...escaped(text), ...encoded(Buffer.from(text))]) forms.add(form)
    for (const line of linesOf(text)) for (const form of escaped(line)) forms.add(form)
  }
  // What is shorter could be a part of anything.
  for (const form of forms) if (form.length < SHORTEST) forms.delete(form)
  return forms
}

/** The least characters a secret has; a shorter one would mask half of the log. */
const SHORTEST = 6

const SHORTEST_LINE = 8
const ORDINARY = /^(?:undefined|default|enabled|disabled|string|number|boolean|object)$/i

function isSecret(value: string): boolean {
  return value.length >= SHORTEST && !ORDINARY.test(value)
}

function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd')
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r\n|[\r\n]/).map((line) => line.trim())
  return lines.length > 1 ? lines.filter((line) => line.length >= SHORTEST_LINE) : []
}

function escaped(text: string): string[] {
  const json = JSON.stringify(text).slice(1, -1)
  const ascii = json.replace(/[\x7f-\uffff]/g, unicodeEscape)
  return [
    text,
    json,
    json.replaceAll('/', '\\/'),
    ascii,
    ascii.replace(/\\u[0-9a-f]{4}/g, (code) => `\\u${code.slice(2).toUpperCase()}`),
    // JSON within JSON.
    JSON.stringify(json).slice(1, -1),
    ...lineEnds(text),
    // XML, with each of the usual names for the quotes.
    ...['&#39;', '&apos;', '&#x27;'].flatMap((single) =>
      ['&quot;', '&#34;'].map((double) => xml(text, single, double)),
    ),
    xml(text, "'", '"'),
    // The shell: within '…' in two ways, within "…", and with backslashes.
    text.replaceAll("'", "'\\''"),
    text.replaceAll("'", `'"'"'`),
    text.replace(/[\\"$`]/g, '\\$&'),
    text.replace(/[^A-Za-z0-9_@%+=:,./\-\x80-\uffff]/g, '\\$&'),
    text.replace(/[\\']/g, '\\$&'),
  ]
}

/** Line ends written out, or as another system writes them. */
function lineEnds(text: string): string[] {
  if (!/[\r\n]/.test(text)) return []
  return ['\\n', '\\r\\n', '\\\\n', '\n', '\r\n', ' ', ''].map((end) =>
    text.replace(/\r\n|[\r\n]/g, end),
  )
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

function xml(text: string, single: string, double: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll("'", single)
    .replaceAll('"', double)
}

function encoded(bytes: Buffer): string[] {
  const hex = bytes.toString('hex')
  return [hex, hex.toUpperCase(), ...base64(bytes), ...percent(bytes)]
}

/**
 * Base64 of a text that has the value somewhere within, at each of the three places in a group of
 * bytes it can begin: without the characters its neighbours have a part in.
 */
function base64(bytes: Buffer): string[] {
  const forms = [0, 1, 2].flatMap((shift) => {
    const padded = Buffer.concat([Buffer.alloc(shift), bytes])
    const stable = [0, 2, 3][shift] as number
    const text = padded.toString('base64').slice(stable, Math.floor((padded.length * 8) / 6))
    return [text, ...rows(text, shift)]
  })
  return forms.flatMap((text) => [text, text.replaceAll('+', '-').replaceAll('/', '_')])
}

/** `base64` and PEM break their output into rows. */
function rows(text: string, shift: number): string[] {
  if (shift > 0) return []
  return [76, 64].flatMap((width) =>
    text.length > width ? (text.match(new RegExp(`.{${SHORTEST_ROW},${width}}`, 'g')) ?? []) : [],
  )
}

const SHORTEST_ROW = 16

function percent(bytes: Buffer): string[] {
  const text = bytes.toString()
  const all = Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
  const component = encodeURIComponent(text)
  const strict = component.replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  const forms = [all, all.toUpperCase()]
  for (const form of [component, strict]) {
    // Python's `quote` leaves `/` as it is, and a form's body has `+` for a blank.
    for (const variant of [form, form.replaceAll('%2F', '/'), form.replaceAll('%20', '+')]) {
      forms.push(
        variant,
        variant.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
      )
    }
  }
  return forms
}
