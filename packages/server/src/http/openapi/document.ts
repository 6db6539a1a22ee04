import { operations } from '@launchtail/client/protocol'
import { describeOperation } from './describe-operation.js'
import { componentSchemas } from './schemas.js'

/** The API's description, OpenAPI 3.1, made from the operations that validate the requests. */
export function openApi(version: string) {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const [name, operation] of Object.entries(operations)) {
    const { method, path } = operation
    paths[path] = { ...paths[path], [method.toLowerCase()]: describeOperation(name, operation) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Launchtail',
      version,
      description: 'Streams the launch logs of GPU nodes, receives logs, and launches nodes.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    security: [{ adminToken: [] }],
    paths,
    components: {
      securitySchemes: { adminToken: { type: 'apiKey', in: 'header', name: 'X-Admin-Token' } },
      schemas: componentSchemas(),
    },
  }
}
