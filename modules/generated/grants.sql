-- generated, do not edit: manage.py modules generate
-- Run it as a role with CREATEROLE that owns the database that is to hold the schemas; a repeat changes nothing:
--     psql --set ON_ERROR_STOP=1 --file grants.sql DATABASE
-- It sets no passwords: \password orders, \password orders_owner, and so on. Then: manage.py migrate_modules
-- `manage.py provision_databases` does the same with names and passwords out of your URLs.

-- platform: staff accounts, sessions, and what the shop as a whole remembers
REVOKE ALL ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON DATABASE :"DBNAME" FROM PUBLIC;
DO 'BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ''platform_owner'') THEN CREATE ROLE "platform_owner"; END IF; END';
ALTER ROLE "platform_owner" LOGIN NOINHERIT;
ALTER ROLE "platform_owner" SET search_path = "platform";
GRANT CONNECT ON DATABASE :"DBNAME" TO "platform_owner";
DO 'BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ''platform'') THEN CREATE ROLE "platform"; END IF; END';
ALTER ROLE "platform" LOGIN NOINHERIT;
ALTER ROLE "platform" SET search_path = "platform";
GRANT CONNECT ON DATABASE :"DBNAME" TO "platform";
ALTER ROLE "platform" SET "statement_timeout" = '30s';
ALTER ROLE "platform" SET "lock_timeout" = '10s';
ALTER ROLE "platform" SET "idle_in_transaction_session_timeout" = '60s';
GRANT "platform_owner" TO CURRENT_USER;
CREATE SCHEMA IF NOT EXISTS "platform" AUTHORIZATION "platform_owner";
GRANT USAGE ON SCHEMA "platform" TO "platform";
ALTER DEFAULT PRIVILEGES FOR ROLE "platform_owner" IN SCHEMA "platform" GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "platform";
ALTER DEFAULT PRIVILEGES FOR ROLE "platform_owner" IN SCHEMA "platform" GRANT USAGE, SELECT ON SEQUENCES TO "platform";
ALTER DEFAULT PRIVILEGES FOR ROLE "platform_owner" REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE "platform_owner" IN SCHEMA "platform" GRANT EXECUTE ON FUNCTIONS TO "platform";
REVOKE "platform_owner" FROM CURRENT_USER;

-- catalog: module catalog, Catalogue team <catalog@example.com>; its tables, besides the plumbing's:
--     catalog_attribute
--     catalog_attributevalue
--     catalog_category
--     catalog_formerslug
--     catalog_image
--     catalog_listing
--     catalog_listingdocument
--     catalog_movement
--     catalog_popularity
--     catalog_price
--     catalog_product
--     catalog_reservation
--     catalog_reservationline
--     catalog_stock
--     catalog_variant
--     catalog_word
DO 'BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ''catalog_owner'') THEN CREATE ROLE "catalog_owner"; END IF; END';
ALTER ROLE "catalog_owner" LOGIN NOINHERIT;
ALTER ROLE "catalog_owner" SET search_path = "catalog";
GRANT CONNECT ON DATABASE :"DBNAME" TO "catalog_owner";
DO 'BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ''catalog'') THEN CREATE ROLE "catalog"; END IF; END';
ALTER ROLE "catalog" LOGIN NOINHERIT;
ALTER ROLE "catalog" SET search_path = "catalog";
GRANT CONNECT ON DATABASE :"DBNAME" TO "catalog";
ALTER ROLE "catalog" SET "statement_timeout" = '30s';
ALTER ROLE "catalog" SET "lock_timeout" = '10s';
ALTER ROLE "catalog" SET "idle_in_transaction_session_timeout" = '60s';
DO 'BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ''catalog_reader'') THEN CREATE ROLE "catalog_reader"; END IF; END';
ALTER ROLE "catalog_reader" LOGIN NOINHERIT;
ALTER ROLE "catalog_reader" SET search_path = "catalog";
GRANT CONNECT ON DATABASE :"DBNAME" TO "catalog_reader";
ALTER ROLE "catalog_reader" SET "statement_timeout" = '30s';
ALTER ROLE "catalog_reader" SET "lock_timeout" = '10s';
ALTER ROLE "catalog_reader" SET "idle_in_transaction_session_timeout" = '60s';
GRANT "catalog_owner" TO CURRENT_USER;
CREATE SCHEMA IF NOT EXISTS "catalog" AUTHORIZATION "catalog_owner";
GRANT USAGE ON SCHEMA "catalog" TO "catalog";
ALTER DEFAULT PRIVILEGES FOR ROLE "catalog_owner" IN SCHEMA "catalog" GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "catalog";
ALTER DEFAULT PRIVILEGES FOR ROLE "catalog_owner" IN SCHEMA "catalog" GRANT USAGE, SELECT ON SEQUENCES TO "catalog";
ALTER DEFAULT PRIVILEGES FOR ROLE "catalog_owner" REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE "catalog_owner" IN SCHEMA "catalog" GRANT EXECUTE ON FUNCTIONS TO "catalog";
GRANT USAGE ON SCHEMA "catalog" TO "catalog_reader";
GRANT SELECT ON ALL TABLES IN SCHEMA "catalog" TO "catalog_reader";
ALTER DEFAULT PRIVILEGES FOR ROLE "catalog_owner" IN SCHEMA "catalog" GRANT SELECT ON TABLES TO "catalog_reader";
ALTER DEFAULT PRIVILEGES FOR ROLE "catalog_owner" IN SCHEMA "catalog" GRANT EXECUTE ON FUNCTIONS TO "catalog_reader";
REVOKE "catalog_owner" FROM CURRENT_USER;
CREATE SCHEMA IF NOT EXISTS "catalog_xtr" AUTHORIZATION "catalog_owner";
GRANT TEMPORARY ON DATABASE :"DBNAME" TO "catalog_owner";

-- orders: module orders, Checkout team <orders@example.com>; its tables, besides the plumbing's:
--     orders_cart
--     orders_cartline
--     orders_checkout
--     orders_historyentry
--     orders_order
--     orders_orderline
DO 'BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ''orders_owner'') THEN CREATE ROLE "orders_owner"; END IF; END';
ALTER ROLE "orders_owner" LOGIN NOINHERIT;
ALTER ROLE "orders_owner" SET search_path = "orders";
GRANT CONNECT ON DATABASE :"DBNAME" TO "orders_owner";
DO 'BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ''orders'') THEN CREATE ROLE "orders"; END IF; END';
ALTER ROLE "orders" LOGIN NOINHERIT;
ALTER ROLE "orders" SET search_path = "orders";
GRANT CONNECT ON DATABASE :"DBNAME" TO "orders";
ALTER ROLE "orders" SET "statement_timeout" = '30s';
ALTER ROLE "orders" SET "lock_timeout" = '10s';
ALTER ROLE "orders" SET "idle_in_transaction_session_timeout" = '60s';
DO 'BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ''orders_reader'') THEN CREATE ROLE "orders_reader"; END IF; END';
ALTER ROLE "orders_reader" LOGIN NOINHERIT;
ALTER ROLE "orders_reader" SET search_path = "orders";
GRANT CONNECT ON DATABASE :"DBNAME" TO "orders_reader";
ALTER ROLE "orders_reader" SET "statement_timeout" = '30s';
ALTER ROLE "orders_reader" SET "lock_timeout" = '10s';
ALTER ROLE "orders_reader" SET "idle_in_transaction_session_timeout" = '60s';
GRANT "orders_owner" TO CURRENT_USER;
CREATE SCHEMA IF NOT EXISTS "orders" AUTHORIZATION "orders_owner";
GRANT USAGE ON SCHEMA "orders" TO "orders";
ALTER DEFAULT PRIVILEGES FOR ROLE "orders_owner" IN SCHEMA "orders" GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "orders";
ALTER DEFAULT PRIVILEGES FOR ROLE "orders_owner" IN SCHEMA "orders" GRANT USAGE, SELECT ON SEQUENCES TO "orders";
ALTER DEFAULT PRIVILEGES FOR ROLE "orders_owner" REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE "orders_owner" IN SCHEMA "orders" GRANT EXECUTE ON FUNCTIONS TO "orders";
GRANT USAGE ON SCHEMA "orders" TO "orders_reader";
GRANT SELECT ON ALL TABLES IN SCHEMA "orders" TO "orders_reader";
ALTER DEFAULT PRIVILEGES FOR ROLE "orders_owner" IN SCHEMA "orders" GRANT SELECT ON TABLES TO "orders_reader";
ALTER DEFAULT PRIVILEGES FOR ROLE "orders_owner" IN SCHEMA "orders" GRANT EXECUTE ON FUNCTIONS TO "orders_reader";
REVOKE "orders_owner" FROM CURRENT_USER;
CREATE SCHEMA IF NOT EXISTS "orders_xtr" AUTHORIZATION "orders_owner";
GRANT TEMPORARY ON DATABASE :"DBNAME" TO "orders_owner";

-- payments: module payments, Payments team <payments@example.com>; its tables, besides the plumbing's:
--     payments_account
--     payments_attempt
--     payments_closedkey
--     payments_invoice
--     payments_ledgerentry
--     payments_notification
--     payments_numberseries
--     payments_payment
--     payments_posting
--     sandbox_charge
--     sandbox_fault
--     sandbox_request
DO 'BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ''payments_owner'') THEN CREATE ROLE "payments_owner"; END IF; END';
ALTER ROLE "payments_owner" LOGIN NOINHERIT;
ALTER ROLE "payments_owner" SET search_path = "payments";
GRANT CONNECT ON DATABASE :"DBNAME" TO "payments_owner";
DO 'BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ''payments'') THEN CREATE ROLE "payments"; END IF; END';
ALTER ROLE "payments" LOGIN NOINHERIT;
ALTER ROLE "payments" SET search_path = "payments";
GRANT CONNECT ON DATABASE :"DBNAME" TO "payments";
ALTER ROLE "payments" SET "statement_timeout" = '30s';
ALTER ROLE "payments" SET "lock_timeout" = '10s';
ALTER ROLE "payments" SET "idle_in_transaction_session_timeout" = '60s';
DO 'BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ''payments_reader'') THEN CREATE ROLE "payments_reader"; END IF; END';
ALTER ROLE "payments_reader" LOGIN NOINHERIT;
ALTER ROLE "payments_reader" SET search_path = "payments";
GRANT CONNECT ON DATABASE :"DBNAME" TO "payments_reader";
ALTER ROLE "payments_reader" SET "statement_timeout" = '30s';
ALTER ROLE "payments_reader" SET "lock_timeout" = '10s';
ALTER ROLE "payments_reader" SET "idle_in_transaction_session_timeout" = '60s';
GRANT "payments_owner" TO CURRENT_USER;
CREATE SCHEMA IF NOT EXISTS "payments" AUTHORIZATION "payments_owner";
GRANT USAGE ON SCHEMA "payments" TO "payments";
ALTER DEFAULT PRIVILEGES FOR ROLE "payments_owner" IN SCHEMA "payments" GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "payments";
ALTER DEFAULT PRIVILEGES FOR ROLE "payments_owner" IN SCHEMA "payments" GRANT USAGE, SELECT ON SEQUENCES TO "payments";
ALTER DEFAULT PRIVILEGES FOR ROLE "payments_owner" REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE "payments_owner" IN SCHEMA "payments" GRANT EXECUTE ON FUNCTIONS TO "payments";
GRANT USAGE ON SCHEMA "payments" TO "payments_reader";
GRANT SELECT ON ALL TABLES IN SCHEMA "payments" TO "payments_reader";
ALTER DEFAULT PRIVILEGES FOR ROLE "payments_owner" IN SCHEMA "payments" GRANT SELECT ON TABLES TO "payments_reader";
ALTER DEFAULT PRIVILEGES FOR ROLE "payments_owner" IN SCHEMA "payments" GRANT EXECUTE ON FUNCTIONS TO "payments_reader";
REVOKE "payments_owner" FROM CURRENT_USER;
CREATE SCHEMA IF NOT EXISTS "payments_xtr" AUTHORIZATION "payments_owner";
GRANT TEMPORARY ON DATABASE :"DBNAME" TO "payments_owner";

-- shipping: module shipping, Fulfilment team <shipping@example.com>; its tables, besides the plumbing's:
--     shipping_builtin_carrier_book
--     shipping_method
--     shipping_rate
--     shipping_ratestep
--     shipping_shipment
--     shipping_shipmentkey
--     shipping_shipmentline
--     shipping_trackingevent
--     shipping_zone
DO 'BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ''shipping_owner'') THEN CREATE ROLE "shipping_owner"; END IF; END';
ALTER ROLE "shipping_owner" LOGIN NOINHERIT;
ALTER ROLE "shipping_owner" SET search_path = "shipping";
GRANT CONNECT ON DATABASE :"DBNAME" TO "shipping_owner";
DO 'BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ''shipping'') THEN CREATE ROLE "shipping"; END IF; END';
ALTER ROLE "shipping" LOGIN NOINHERIT;
ALTER ROLE "shipping" SET search_path = "shipping";
GRANT CONNECT ON DATABASE :"DBNAME" TO "shipping";
ALTER ROLE "shipping" SET "statement_timeout" = '30s';
ALTER ROLE "shipping" SET "lock_timeout" = '10s';
ALTER ROLE "shipping" SET "idle_in_transaction_session_timeout" = '60s';
DO 'BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ''shipping_reader'') THEN CREATE ROLE "shipping_reader"; END IF; END';
ALTER ROLE "shipping_reader" LOGIN NOINHERIT;
ALTER ROLE "shipping_reader" SET search_path = "shipping";
GRANT CONNECT ON DATABASE :"DBNAME" TO "shipping_reader";
ALTER ROLE "shipping_reader" SET "statement_timeout" = '30s';
ALTER ROLE "shipping_reader" SET "lock_timeout" = '10s';
ALTER ROLE "shipping_reader" SET "idle_in_transaction_session_timeout" = '60s';
GRANT "shipping_owner" TO CURRENT_USER;
CREATE SCHEMA IF NOT EXISTS "shipping" AUTHORIZATION "shipping_owner";
GRANT USAGE ON SCHEMA "shipping" TO "shipping";
ALTER DEFAULT PRIVILEGES FOR ROLE "shipping_owner" IN SCHEMA "shipping" GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "shipping";
ALTER DEFAULT PRIVILEGES FOR ROLE "shipping_owner" IN SCHEMA "shipping" GRANT USAGE, SELECT ON SEQUENCES TO "shipping";
ALTER DEFAULT PRIVILEGES FOR ROLE "shipping_owner" REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE "shipping_owner" IN SCHEMA "shipping" GRANT EXECUTE ON FUNCTIONS TO "shipping";
GRANT USAGE ON SCHEMA "shipping" TO "shipping_reader";
GRANT SELECT ON ALL TABLES IN SCHEMA "shipping" TO "shipping_reader";
ALTER DEFAULT PRIVILEGES FOR ROLE "shipping_owner" IN SCHEMA "shipping" GRANT SELECT ON TABLES TO "shipping_reader";
ALTER DEFAULT PRIVILEGES FOR ROLE "shipping_owner" IN SCHEMA "shipping" GRANT EXECUTE ON FUNCTIONS TO "shipping_reader";
REVOKE "shipping_owner" FROM CURRENT_USER;
CREATE SCHEMA IF NOT EXISTS "shipping_xtr" AUTHORIZATION "shipping_owner";
GRANT TEMPORARY ON DATABASE :"DBNAME" TO "shipping_owner";

-- users: module users, Accounts team <users@example.com>; its tables, besides the plumbing's:
--     users_address
--     users_attemptcount
--     users_customer
--     users_mailtoken
--     users_notification
--     users_refreshtoken
--     users_signin
DO 'BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ''users_owner'') THEN CREATE ROLE "users_owner"; END IF; END';
ALTER ROLE "users_owner" LOGIN NOINHERIT;
ALTER ROLE "users_owner" SET search_path = "users";
GRANT CONNECT ON DATABASE :"DBNAME" TO "users_owner";
DO 'BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ''users'') THEN CREATE ROLE "users"; END IF; END';
ALTER ROLE "users" LOGIN NOINHERIT;
ALTER ROLE "users" SET search_path = "users";
GRANT CONNECT ON DATABASE :"DBNAME" TO "users";
ALTER ROLE "users" SET "statement_timeout" = '30s';
ALTER ROLE "users" SET "lock_timeout" = '10s';
ALTER ROLE "users" SET "idle_in_transaction_session_timeout" = '60s';
DO 'BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ''users_reader'') THEN CREATE ROLE "users_reader"; END IF; END';
ALTER ROLE "users_reader" LOGIN NOINHERIT;
ALTER ROLE "users_reader" SET search_path = "users";
GRANT CONNECT ON DATABASE :"DBNAME" TO "users_reader";
ALTER ROLE "users_reader" SET "statement_timeout" = '30s';
ALTER ROLE "users_reader" SET "lock_timeout" = '10s';
ALTER ROLE "users_reader" SET "idle_in_transaction_session_timeout" = '60s';
GRANT "users_owner" TO CURRENT_USER;
CREATE SCHEMA IF NOT EXISTS "users" AUTHORIZATION "users_owner";
GRANT USAGE ON SCHEMA "users" TO "users";
ALTER DEFAULT PRIVILEGES FOR ROLE "users_owner" IN SCHEMA "users" GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "users";
ALTER DEFAULT PRIVILEGES FOR ROLE "users_owner" IN SCHEMA "users" GRANT USAGE, SELECT ON SEQUENCES TO "users";
ALTER DEFAULT PRIVILEGES FOR ROLE "users_owner" REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE "users_owner" IN SCHEMA "users" GRANT EXECUTE ON FUNCTIONS TO "users";
GRANT USAGE ON SCHEMA "users" TO "users_reader";
GRANT SELECT ON ALL TABLES IN SCHEMA "users" TO "users_reader";
ALTER DEFAULT PRIVILEGES FOR ROLE "users_owner" IN SCHEMA "users" GRANT SELECT ON TABLES TO "users_reader";
ALTER DEFAULT PRIVILEGES FOR ROLE "users_owner" IN SCHEMA "users" GRANT EXECUTE ON FUNCTIONS TO "users_reader";
REVOKE "users_owner" FROM CURRENT_USER;
CREATE SCHEMA IF NOT EXISTS "users_xtr" AUTHORIZATION "users_owner";
GRANT TEMPORARY ON DATABASE :"DBNAME" TO "users_owner";
