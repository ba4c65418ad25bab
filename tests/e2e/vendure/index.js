// A Vendure shop whose database is in memory: it begins anew with each start.
require("reflect-metadata")
const { bootstrap, DefaultLogger, LogLevel } = require("@vendure/core")

bootstrap({
  logger: new DefaultLogger({ level: LogLevel.Warn }),
  apiOptions: { port: Number(process.env.PORT), hostname: "127.0.0.1", adminApiPath: "admin-api" },
  authOptions: {
    tokenMethod: ["bearer", "api-key"],
    superadminCredentials: { identifier: "superadmin", password: process.env.PASSWORD },
  },
  dbConnectionOptions: { type: "better-sqlite3", synchronize: true, database: ":memory:" },
  paymentOptions: { paymentMethodHandlers: [] },
  plugins: [],
}).catch((error) => {
  console.error(error)
  process.exit(1)
})
