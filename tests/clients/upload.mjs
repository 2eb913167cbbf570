// Uploads a file with the usual tus client: drops it half-way, then goes on from there.
// node upload.mjs ENDPOINT TOKEN FILE; prints {"url", "sha256", "droppedAt", "resumedAt"}.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Upload } from 'tus-js-client'

const [endpoint, token, file] = process.argv.slice(2)
const bytes = readFileSync(file)
const sha256 = createHash('sha256').update(bytes).digest('hex')
const options = {
  endpoint,
  headers: { authorization: `Bearer ${token}` },
  metadata: { sha256 },
  chunkSize: 64 * 1024,
  retryDelays: [0, 100, 500],
}

const dropped = await new Promise((resolve, reject) => {
  const upload = new Upload(bytes, {
    ...options,
    onChunkComplete: async (_, accepted, total) => {
      if (accepted < total / 2) return
      await upload.abort()
      resolve({ url: upload.url, at: accepted })
    },
    onSuccess: () => reject(new Error('it was to be dropped')),
    onError: reject,
  })
  upload.start()
})

let resumedAt
await new Promise((resolve, reject) => {
  new Upload(bytes, {
    ...options,
    uploadUrl: dropped.url,
    onProgress: (sent) => (resumedAt ??= sent),
    onSuccess: resolve,
    onError: reject,
  }).start()
})
console.log(JSON.stringify({ url: dropped.url, sha256, droppedAt: dropped.at, resumedAt }))
