/** Attributes in OTLP's JSON, those that are known and not empty. */
export function attributes(
  values: Readonly<Record<string, string | number | boolean | undefined>>,
) {
  return Object.entries(values).flatMap(([key, value]) =>
    value === undefined || value === '' ? [] : [{ key, value: anyValue(value) }],
  )
}

function anyValue(value: string | number | boolean) {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value }
}

/** What a resource says of a node, in the names that OpenTelemetry has for it. */
export interface Described {
  readonly node_id: string
  readonly cluster_name?: string | undefined
  readonly name?: string | undefined
  readonly provider?: string | undefined
  readonly region?: string | undefined
  readonly gpu?: string | undefined
  readonly model?: string | undefined
  readonly use_spot?: boolean | undefined
}

export function resourceOf(node: Described) {
  return {
    attributes: attributes({
      'service.name': 'launchtail',
      'service.instance.id': node.node_id,
      'host.name': node.cluster_name,
      'cloud.provider': node.provider,
      'cloud.region': node.region,
      'launchtail.node_id': node.node_id,
      'launchtail.node_name': node.name,
      'launchtail.model': node.model,
      'launchtail.gpu': node.gpu,
      'launchtail.spot': node.use_spot,
    }),
  }
}

/** An RFC 3339 time in nanoseconds since 1970, as text. */
export function nanosOf({ seconds, nanos }: { seconds: number; nanos: number }): string {
  return String(BigInt(seconds) * 1_000_000_000n + BigInt(nanos))
}
