import { existsSync } from 'node:fs'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import files from '@fastify/static'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { CODE_FOLDER } from '../../code-folder.js'
import { HttpError } from '../../errors.js'

/** Nothing inline, nothing from elsewhere, in nobody's frame. */
const PAGE_HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
}

/** The built page: in the published package beside the server, in the workspace where it is built. */
const ROOTS = ['page/', '../../dashboard/dist/'].map((path) =>
  fileURLToPath(new URL(path, CODE_FOLDER)),
)
/** The build names what is in here by its content. */
const HASHED = `${sep}assets${sep}`
const FOR_EVER = 'public, max-age=31536000, immutable'

/** The page at `/`. All its addresses are relative, so it works under any path of a proxy. */
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
    // The build has compressed each file as well as can be, once.
    preCompressed: true,
    // A route for each file there is, so that all else is answered as any unknown path is.
    wildcard: false,
    globIgnore: ['**/*.{br,gz}'],
    setHeaders(reply, path) {
      reply.headers(PAGE_HEADERS)
      // Whatever else is asked for again is asked for with its ETag.
      reply.header('Cache-Control', path.includes(HASHED) ? FOR_EVER : 'no-cache')
    },
  })
}

export function asPage(reply: FastifyReply): FastifyReply {
  return reply.type('text/html; charset=utf-8').headers(PAGE_HEADERS)
}
