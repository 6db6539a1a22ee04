import type { FastifyInstance } from 'fastify'
import type { SkyPilot } from '../../nodes/skypilot.js'
import { serve } from '../operation.js'

/** `GET /admin/skypilot`: will a launch through SkyPilot work? */
export function mountSkyPilot(app: FastifyInstance, { skypilot }: { skypilot: SkyPilot }): void {
  serve(app, { getSkyPilot: () => skypilot.describe() })
}
