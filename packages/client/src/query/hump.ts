/**
 * What a word is, for texts and for queries alike. A run is an unbroken stretch of letters, digits and
 * marks. It is cut into humps where `CamelCase` begins a new word; a span is one or more neighbouring
 * humps of a run. A word of a query matches a span that equals it.
 */
export interface Hump {
  /** In folded letters. */
  readonly text: string
  /** True for the last one of its run. */
  readonly last: boolean
}
