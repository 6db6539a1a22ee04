/**
 * A part of a run, which is an unbroken stretch of letters, digits and marks. A run is cut into humps
 * where `CamelCase` begins a new word; a span is one or more neighbouring humps of a run. A word of a
 * query matches a span that equals it, in a text as in a query.
 */
export interface Hump {
  /** In folded letters. */
  readonly text: string
  /** True for the last one of its run. */
  readonly last: boolean
}
