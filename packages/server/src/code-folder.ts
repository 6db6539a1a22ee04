/**
 * The folder of the code that runs: `src` in development, `dist` when it is built. What the package
 * brings along is found from here, since a bundle does not keep the modules' own places.
 */
export const CODE_FOLDER = new URL('.', import.meta.url)
