/** A record as OTLP carries it, whatever its encoding. */
export interface ScopedRecord {
  /** The attributes of its resource. All records of one resource share them. */
  readonly resource: Attributes
  /** The name of its scope. */
  readonly scope: string
  readonly record: LogRecord
}

export interface LogRecord {
  /** Nanoseconds since 1970; 0 where it is not known. */
  readonly time: bigint
  readonly observed: bigint
  /** 1 to 24; 0 where it is not known. */
  readonly severity: number
  readonly severityText: string
  readonly body: AnyValue | undefined
  readonly attributes: Attributes
  readonly eventName: string
  /** In hex; empty where there is none. */
  readonly traceId: string
  readonly spanId: string
  readonly flags: number
}

export type Attributes = readonly (readonly [key: string, value: AnyValue | undefined])[]

export type AnyValue = string | boolean | number | bigint | Uint8Array | AnyValue[] | Fields

/** A map. */
export interface Fields {
  readonly fields: Attributes
}

/** The body is none that the encoding allows. */
export class MalformedOtlp extends Error {}
