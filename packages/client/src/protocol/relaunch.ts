import * as z from 'zod'
import { launchSchema, type NewLaunch } from './node.js'
import { requests } from './schemas.js'

/** A value with each field optional, at any depth, and null for one that is taken out. */
type Changes<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [Field in keyof T]?: Changes<T[Field]> | null | undefined }
    : T

/** What another launch is to have other than the one before. */
export type LaunchChanges = Changes<NewLaunch>

/**
 * The changes to a launch's request. Only their types are checked here: what has been changed is
 * checked as any other launch is.
 */
export const relaunchSchema = z
  .strictObject(changesTo(launchSchema))
  .describe(
    'What is to be different, as a JSON Merge Patch (RFC 7396): fields that are missing stay, and `null` takes one out.',
  )
  .register(requests, { id: 'Relaunch' }) as z.ZodType as z.ZodType<LaunchChanges, LaunchChanges>

/**
 * The value of a field such as `gpu_count` or `envs.NAME` that is given as text. Text that the field
 * does not take is read as JSON, if it is JSON.
 */
export function fieldFromText(field: string, text: string): unknown {
  if (schemaAt(field)?.safeParse(text).success) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function schemaAt(field: string): z.ZodType | undefined {
  let schema: z.ZodType | undefined = launchSchema
  for (const name of field.split('.')) {
    schema = schema && unwrapped(schema)
    if (schema instanceof z.ZodRecord) schema = schema.valueType as z.ZodType
    else if (schema instanceof z.ZodObject) schema = schema.shape[name]
    else return undefined
  }
  return schema
}

/** The fields of an object, each optional, and null where it is to be taken out. */
export function changesTo({ shape }: z.ZodObject): Record<string, z.ZodType> {
  return Object.fromEntries(
    Object.entries(shape).map(([name, field]) => [name, patchOf(field as z.ZodType).nullish()]),
  )
}

function patchOf(schema: z.ZodType): z.ZodType {
  const inner = unwrapped(schema)
  if (inner instanceof z.ZodObject) return z.strictObject(changesTo(inner))
  if (!(inner instanceof z.ZodRecord)) return inner
  return z.record(inner.keyType, (inner.valueType as z.ZodType).nullable())
}

/** A default would put back a field that the launch before has. */
function unwrapped(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault
    ? unwrapped(schema.unwrap() as z.ZodType)
    : schema
}
