import * as z from 'zod'
import { labels, name as owner } from './node.js'
import { NODE_PATTERN, SCOPES } from './rights.js'
import { answers, requests } from './schemas.js'
import { parseInstant } from './time.js'

const name = z
  .string()
  .min(1, 'must not be empty')
  .max(64, 'must have at most 64 characters')
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u, 'must have no control characters')
const scopes = z.array(z.enum(SCOPES, `must be one of ${SCOPES.join(', ')}`))
const nodes = z.array(
  z.string().regex(NODE_PATTERN, 'must be the id of a node, or a pattern such as train-*'),
)

/** A token that is to be created. */
export const newTokenSchema = z
  .strictObject({
    name: name.describe('What it is for, as the audit log shows it.'),
    scopes: scopes
      .min(1, 'must name a right')
      .max(SCOPES.length)
      .describe('Its rights. `admin` includes all others.'),
    nodes: nodes
      .min(1, 'must name a node')
      .max(100, 'must have at most 100 items')
      .optional()
      .describe(
        'The only nodes it is good for: ids, and patterns such as `train-*`. Default: all.',
      ),
    owner: owner
      .optional()
      .describe('The only launches it is good for: of this owner. Those it makes get this owner.'),
    labels: labels.optional().describe('The same for launches with these labels.'),
    expires_at: z
      .string()
      .refine((text) => parseInstant(text) !== undefined, 'must be an RFC 3339 time')
      .optional()
      .describe('When it ends: RFC 3339. Default: when it is revoked.'),
  })
  .refine(
    ({ scopes, nodes, owner, labels }) => !((nodes || owner || labels) && scopes.includes('admin')),
    {
      message: 'must not limit a token with the right `admin` to nodes or launches',
      path: ['scopes'],
    },
  )
  .register(requests, { id: 'NewToken' })

/** A token as it is listed. Nobody can see the token itself again. */
export const tokenSchema = z
  .object({
    token_id: z.string(),
    name: z.string(),
    scopes: z.array(z.enum(SCOPES)),
    nodes: z.array(z.string()).optional(),
    owner: z.string().optional(),
    labels: z.record(z.string(), z.string()).optional(),
    hint: z.string().describe('How it begins and ends: `lt_read_…x7Qa`.'),
    created_at: z.string(),
    created_by: z.string().describe('The name of the token that it was created with.'),
    expires_at: z.string().optional(),
    expired: z.boolean().describe('True if it is not accepted any more.'),
  })
  .register(answers, { id: 'Token' })

export const tokenWithSecretSchema = tokenSchema
  .extend({ token: z.string().describe('The token. It is shown this once.') })
  .register(answers, { id: 'TokenWithSecret' })

export const tokensSchema = z
  .object({ tokens: z.array(tokenSchema), count: z.number().int() })
  .register(answers, { id: 'Tokens' })

export type NewToken = z.input<typeof newTokenSchema>
export type Token = z.infer<typeof tokenSchema>
export type TokenWithSecret = z.infer<typeof tokenWithSecretSchema>
