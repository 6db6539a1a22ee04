import type { openApi } from '../openapi/document.js'

type Description = ReturnType<typeof openApi>

interface Described {
  operationId: string
  summary: string
  parameters: { name: string; in: string; description?: string; schema: Record<string, unknown> }[]
  responses: Record<string, { description: string }>
}

/** The API's description as a page to read. */
export function docsPage({ info, paths }: Description): string {
  const sections = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) =>
      section(method.toUpperCase(), path, operation as Described),
    ),
  )
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(info.title)} API</title>
<link rel="stylesheet" href="docs.css">
<main>
<h1>${escaped(info.title)} API</h1>
<p>${escaped(info.description)} Version ${escaped(info.version)}. Every request below needs the header
<code>X-Admin-Token</code>. The same as OpenAPI 3.1: <a href="openapi.json">openapi.json</a>.</p>
${sections.join('\n')}
</main>
</html>
`
}

function section(method: string, path: string, operation: Described): string {
  const parameters = operation.parameters.map(({ name, in: place, description = '', schema }) => {
    const usual =
      schema.default === undefined ? '' : ` Default: <code>${escaped(schema.default)}</code>.`
    return `<tr><td><code>${escaped(name)}</code><td>${escaped(place)}<td>${code(description)}${usual}`
  })
  const answers = Object.entries(operation.responses).map(
    ([status, { description }]) => `<tr><td><code>${status}</code><td>${code(description)}`,
  )
  return `<section id="${escaped(operation.operationId)}">
<h2><code>${method} ${escaped(path)}</code></h2>
<p>${code(operation.summary)}.</p>
${parameters.length > 0 ? table(['Parameter', 'In', 'Meaning'], parameters) : ''}
${table(['Status', 'Meaning'], answers)}
</section>`
}

function table(heads: string[], rows: string[]): string {
  return `<table><thead><tr>${heads.map((head) => `<th>${head}`).join('')}</thead>
<tbody>
${rows.join('\n')}
</tbody></table>`
}

/** Text with its \`code\` marked as such. */
function code(text: string): string {
  return escaped(text).replace(/`([^`]*)`/g, '<code>$1</code>')
}

function escaped(text: unknown): string {
  return String(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
