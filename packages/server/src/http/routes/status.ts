import { parseDuration } from '@launchtail/client/protocol'
import type { FastifyInstance } from 'fastify'
import { nodeNotFound } from '../../errors.js'
import type { Ends } from '../../nodes/ends/ends.js'
import type { Signs } from '../../nodes/ends/signs.js'
import type { Registry } from '../../nodes/registry.js'
import type { SentIn } from '../../nodes/sent-in.js'
import { serve } from '../operation.js'
import { refuseUnknownCode } from '../unknown-code.js'

export interface StatusOptions {
  registry: Registry
  ends: Ends
  sentIn: Pick<SentIn, 'beat'>
  signs: Pick<Signs, 'heard'>
}

/** What another program says of the launch that it makes, besides its log. */
export function mountStatus(
  app: FastifyInstance,
  { registry, ends, sentIn, signs }: StatusOptions,
): void {
  serve(app, {
    async setNodeStatus({ id, body }) {
      if (body.code !== undefined) refuseUnknownCode(body.code)
      await registry.refuseForeign(id)
      return ends.set(id, body)
    },

    async beatNode({ id, body }) {
      await registry.refuseForeign(id)
      const node = await registry.find(id)
      if (!node) throw nodeNotFound()
      signs.heard(id)
      const { status } = node
      const goesOn = status === 'launching' || (status === 'failed' && (await ends.revive(id)))
      const lostAfter = parseDuration(body.lost_after ?? '')
      // What a beat says holds for the launch that is under way.
      if (lostAfter !== undefined && goesOn) await sentIn.beat(id, lostAfter)
    },
  })
}
