import { existsSync } from 'node:fs'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import files from '@fastify/static'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { CODE_FOLDER } from '../../code-folder.js'
import { HttpError } from '../../errors.js'

/** No inline scripts or styles, nothing from other origins, and no framing. */
const PAGE_HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
}

/** The built page is beside the server in the published package, and in its own one otherwise. */
const ROOTS = ['page/', '../../dashboard/dist/'].map((path) =>
  fileURLToPath(new URL(path, CODE_FOLDER)),
)
/** The build names the files in this folder by their content. */
const HASHED = `${sep}assets${sep}`
const FOR_EVER = 'public, max-age=31536000, immutable'

/** The page at `/`. Its addresses are relative, so it works behind a proxy under any path. */
export function mountPage(app: FastifyInstance): void {
  const root = ROOTS.find((folder) => existsSync(join(folder, 'index.html')))
  if (root === undefined) {
    app.get('/', () => {
      throw new HttpError(503, 'the page is not built; run: npm run build')
    })
    return
  }
  app.register(files, {
    root,
    cacheControl: false,
    // The build has compressed each file at the highest level.
    preCompressed: true,
    // With a route for each file, every other path is answered like any unknown one.
    wildcard: false,
    globIgnore: ['**/*.{br,gz}'],
    setHeaders(reply, path) {
      reply.headers(PAGE_HEADERS)
      // A browser revalidates the other files with their ETag.
      reply.header('Cache-Control', path.includes(HASHED) ? FOR_EVER : 'no-cache')
    },
  })
}

export function asPage(reply: FastifyReply): FastifyReply {
  return reply.type('text/html; charset=utf-8').headers(PAGE_HEADERS)
}
