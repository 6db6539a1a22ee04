import type { LaunchCall } from './send.js'

/** Encloses the name of a variable in what is quoted; a private character that no text has. */
const MARK = '\u{f0000}'
const MARKED = new RegExp(`${MARK}(\\w+)${MARK}`, 'gu')

/**
 * The request as a shell command. The token and the secrets come from shell variables, so they are
 * neither on the screen nor in the shell's history.
 */
export function curlOf(
  { path, body: { secrets, ...request } }: Pick<LaunchCall, 'path' | 'body'>,
  baseUrl: string,
): string {
  const given = Object.entries(secrets ?? {})
  const marked = given.map(([name, value]) => [name, value === null ? null : MARK + name + MARK])
  const body = quoted(
    JSON.stringify(
      { ...request, ...(given.length > 0 && { secrets: Object.fromEntries(marked) }) },
      null,
      2,
    ),
  )
  return [
    `curl ${quoted(`${baseUrl}/admin/${path}`)} \\`,
    '  -H "X-Admin-Token: $TOKEN" -H "Content-Type: application/json" \\',
    `  -d ${body.replaceAll(MARKED, `'"$$$1"'`)}`,
  ].join('\n')
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
