import { z } from 'zod'

/** The names that schemas have in the OpenAPI document: those of requests, those of answers. */
export const requests = z.registry<{ id: string }>()
export const answers = z.registry<{ id: string }>()
