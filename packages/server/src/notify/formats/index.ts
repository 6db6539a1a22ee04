import type { WebhookFormat } from '@launchtail/client/protocol'
import { discord } from './discord.js'
import type { Format } from './format.js'
import { pagerduty } from './pagerduty.js'
import { slack } from './slack.js'
import { standard } from './standard.js'
import { text } from './text.js'

/** All formats. Another one is a file here, a row in this table, and its name in the protocol. */
export const FORMATS: Readonly<Record<WebhookFormat, Format>> = {
  standard,
  slack,
  discord,
  pagerduty,
  text,
}
