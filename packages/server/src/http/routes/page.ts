import { existsSync, readdirSync } from 'node:fs'
import { join, posix, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import files from '@fastify/static'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
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
const INDEX = 'index.html'
/** The build names the files in this folder by their content. */
const HASHED = `${sep}assets${sep}`
const FOR_EVER = 'public, max-age=31536000, immutable'

/** The page at `/`. Its addresses are relative, so it works behind a proxy under any path. */
export function mountPage(app: FastifyInstance): void {
  const root = ROOTS.find((folder) => existsSync(join(folder, INDEX)))
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
    serve: false,
    setHeaders(reply, path) {
      reply.headers(PAGE_HEADERS)
      // A browser revalidates the other files with their ETag.
      reply.header('Cache-Control', path.includes(HASHED) ? FOR_EVER : 'no-cache')
    },
  })
  // With a route for each file, every other path is answered like any unknown one.
  for (const file of filesOf(root)) {
    const handler = (_request: FastifyRequest, reply: FastifyReply) => reply.sendFile(file)
    app.route({ method: ['GET', 'HEAD'], url: `/${file}`, handler })
    if (file === INDEX) app.route({ method: ['GET', 'HEAD'], url: '/', handler })
  }
}

/** The page's files, without those that are another one compressed. */
function filesOf(root: string): string[] {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && !/\.(?:br|gz)$/.test(entry.name))
    .map(({ parentPath, name }) => join(parentPath, name).slice(root.length))
    .map((path) => path.split(sep).join(posix.sep))
}

export function asPage(reply: FastifyReply): FastifyReply {
  return reply.type('text/html; charset=utf-8').headers(PAGE_HEADERS)
}
