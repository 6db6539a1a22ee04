import type { DataFolder } from './data-folder.js'

export interface AdminTokens {
  readonly values: readonly string[]
  /** The token that this start created. It is shown once, and never again. */
  readonly made: string | undefined
}

/** The admin tokens: those that are set, or one that the first start creates and keeps. */
export async function adminTokens(
  configured: readonly string[] | undefined,
  folder: DataFolder,
): Promise<AdminTokens> {
  if (configured) return { values: configured, made: undefined }
  const { value, made } = await folder.secret('admin-token', 24)
  return { values: [value], made: made ? value : undefined }
}
