import type { FastifyInstance } from 'fastify'
import { docsPage } from '../docs/page.js'
import { SHEET } from '../docs/sheet.js'
import { openApi } from '../openapi/document.js'
import { asPage } from './page.js'

/** The API's description as JSON, and as a page to read. It is made at the first request, and kept. */
export function mountDocs(app: FastifyInstance, { version }: { version: string }): void {
  let made: { description: ReturnType<typeof openApi>; page: string } | undefined
  const docs = () => {
    if (!made) {
      const description = openApi(version)
      made = { description, page: docsPage(description) }
    }
    return made
  }
  app.get('/openapi.json', async () => docs().description)
  app.get('/docs', async (_request, reply) => asPage(reply).send(docs().page))
  app.get('/docs.css', async (_request, reply) =>
    reply.type('text/css; charset=utf-8').header('Cache-Control', 'no-cache').send(SHEET),
  )
}
