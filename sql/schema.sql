-- The schema of Shopkeeper as MySQL sees it. Made by `make schema`; the migrations are what runs.

CREATE TABLE distribution_centers (
  id BIGINT NOT NULL AUTO_INCREMENT,
  name VARCHAR(255) NOT NULL,
  latitude DOUBLE NOT NULL,
  longitude DOUBLE NOT NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE imports (
  id BIGINT NOT NULL AUTO_INCREMENT,
  source VARCHAR(500) NOT NULL,
  strict BOOL NOT NULL,
  state VARCHAR(16) NOT NULL,
  message VARCHAR(1000),
  notes TEXT NOT NULL,
  requested_by VARCHAR(150) NOT NULL,
  created_at DATETIME(6) NOT NULL,
  finished_at DATETIME(6),
  lease_holder VARCHAR(100),
  lease_until DATETIME(6),
  PRIMARY KEY (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_imports_state ON imports (state, id);

CREATE TABLE login_attempts (
  subject VARCHAR(64) NOT NULL,
  attempts INTEGER NOT NULL,
  window_ends_at DATETIME(6) NOT NULL,
  PRIMARY KEY (subject)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_login_attempts_window_ends_at ON login_attempts (window_ends_at);

CREATE TABLE users (
  id BIGINT NOT NULL AUTO_INCREMENT,
  first_name VARCHAR(255),
  last_name VARCHAR(255),
  email VARCHAR(254) NOT NULL,
  email_key VARCHAR(254) NOT NULL,
  age SMALLINT,
  gender VARCHAR(16),
  state VARCHAR(255),
  street_address VARCHAR(500),
  postal_code VARCHAR(32),
  city VARCHAR(255),
  country VARCHAR(255),
  latitude DOUBLE,
  longitude DOUBLE,
  traffic_source VARCHAR(255),
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT uq_users_email_key UNIQUE (email_key)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE accounts (
  id BIGINT NOT NULL AUTO_INCREMENT,
  username VARCHAR(150) NOT NULL,
  username_key VARCHAR(150) NOT NULL,
  email VARCHAR(254),
  first_name VARCHAR(255) NOT NULL,
  last_name VARCHAR(255) NOT NULL,
  password_hash VARCHAR(255) NOT NULL,
  `role` VARCHAR(16) NOT NULL,
  customer_id BIGINT,
  is_active BOOL NOT NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT uq_accounts_username_key UNIQUE (username_key),
  CONSTRAINT uq_accounts_customer_id UNIQUE (customer_id),
  CONSTRAINT fk_accounts_customer_id FOREIGN KEY(customer_id) REFERENCES users (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE import_files (
  id BIGINT NOT NULL AUTO_INCREMENT,
  import_id BIGINT NOT NULL,
  position INTEGER NOT NULL,
  table_name VARCHAR(64) NOT NULL,
  blob_key VARCHAR(500) NOT NULL,
  version VARCHAR(100) NOT NULL,
  size_bytes BIGINT NOT NULL,
  state VARCHAR(16) NOT NULL,
  records_done BIGINT NOT NULL,
  bytes_done BIGINT NOT NULL,
  inserted BIGINT NOT NULL,
  updated BIGINT NOT NULL,
  unchanged BIGINT NOT NULL,
  rejected BIGINT NOT NULL,
  notes TEXT NOT NULL,
  error VARCHAR(1000),
  PRIMARY KEY (id),
  CONSTRAINT fk_import_files_import_id FOREIGN KEY(import_id) REFERENCES imports (id) ON DELETE CASCADE
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_import_files_import_id ON import_files (import_id);

CREATE TABLE import_rejections (
  id BIGINT NOT NULL AUTO_INCREMENT,
  import_id BIGINT NOT NULL,
  file VARCHAR(500) NOT NULL,
  line BIGINT NOT NULL,
  column_name VARCHAR(64) NOT NULL,
  value VARCHAR(200) NOT NULL,
  reason VARCHAR(500) NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT fk_import_rejections_import_id FOREIGN KEY(import_id) REFERENCES imports (id) ON DELETE CASCADE
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_import_rejections_import_id_id ON import_rejections (import_id, id);

CREATE TABLE orders (
  id BIGINT NOT NULL AUTO_INCREMENT,
  user_id BIGINT,
  status VARCHAR(16) NOT NULL,
  gender VARCHAR(16),
  created_at DATETIME(6) NOT NULL,
  returned_at DATETIME(6),
  shipped_at DATETIME(6),
  delivered_at DATETIME(6),
  num_of_item INTEGER NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT fk_orders_user_id FOREIGN KEY(user_id) REFERENCES users (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_orders_newest ON orders (created_at, id);

CREATE INDEX ix_orders_status_newest ON orders (status, created_at, id);

CREATE INDEX ix_orders_user_newest ON orders (user_id, created_at, id);

CREATE TABLE products (
  id BIGINT NOT NULL AUTO_INCREMENT,
  cost_cents BIGINT NOT NULL,
  category VARCHAR(255) NOT NULL,
  category_key VARCHAR(255) NOT NULL,
  name VARCHAR(500) NOT NULL,
  brand VARCHAR(255),
  brand_key VARCHAR(255),
  retail_price_cents BIGINT NOT NULL,
  department VARCHAR(255),
  sku VARCHAR(64) NOT NULL,
  distribution_center_id BIGINT NOT NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT ck_products_prices CHECK (cost_cents >= 0 AND retail_price_cents >= 0),
  CONSTRAINT uq_products_sku UNIQUE (sku),
  CONSTRAINT fk_products_distribution_center_id FOREIGN KEY(distribution_center_id) REFERENCES distribution_centers (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_products_brand_key ON products (brand_key);

CREATE INDEX ix_products_category_key ON products (category_key);

CREATE INDEX ix_products_distribution_center_id ON products (distribution_center_id);

CREATE INDEX ix_products_retail_price_cents ON products (retail_price_cents);

CREATE TABLE auth_tokens (
  id BIGINT NOT NULL AUTO_INCREMENT,
  account_id BIGINT NOT NULL,
  token_hash VARCHAR(64) NOT NULL,
  created_at DATETIME(6) NOT NULL,
  expires_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT fk_auth_tokens_account_id FOREIGN KEY(account_id) REFERENCES accounts (id) ON DELETE CASCADE,
  CONSTRAINT uq_auth_tokens_token_hash UNIQUE (token_hash)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_auth_tokens_account_id ON auth_tokens (account_id);

CREATE INDEX ix_auth_tokens_expires_at ON auth_tokens (expires_at);

CREATE TABLE inventory_items (
  id BIGINT NOT NULL AUTO_INCREMENT,
  product_id BIGINT NOT NULL,
  created_at DATETIME(6) NOT NULL,
  sold_at DATETIME(6),
  cost_cents BIGINT NOT NULL,
  product_category VARCHAR(255),
  product_name VARCHAR(500),
  product_brand VARCHAR(255),
  product_retail_price_cents BIGINT,
  product_department VARCHAR(255),
  product_sku VARCHAR(64),
  product_distribution_center_id BIGINT,
  PRIMARY KEY (id),
  CONSTRAINT fk_inventory_items_product_id FOREIGN KEY(product_id) REFERENCES products (id),
  CONSTRAINT fk_inventory_items_product_distribution_center_id FOREIGN KEY(product_distribution_center_id) REFERENCES distribution_centers (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_inventory_items_product_distribution_center_id ON inventory_items (product_distribution_center_id);

CREATE INDEX ix_inventory_items_stock ON inventory_items (product_id, sold_at);

CREATE TABLE order_items (
  id BIGINT NOT NULL AUTO_INCREMENT,
  order_id BIGINT NOT NULL,
  user_id BIGINT,
  product_id BIGINT NOT NULL,
  inventory_item_id BIGINT,
  status VARCHAR(16) NOT NULL,
  created_at DATETIME(6) NOT NULL,
  shipped_at DATETIME(6),
  delivered_at DATETIME(6),
  returned_at DATETIME(6),
  sale_price_cents BIGINT NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT ck_order_items_price CHECK (sale_price_cents >= 0),
  CONSTRAINT fk_order_items_order_id FOREIGN KEY(order_id) REFERENCES orders (id),
  CONSTRAINT fk_order_items_user_id FOREIGN KEY(user_id) REFERENCES users (id),
  CONSTRAINT fk_order_items_product_id FOREIGN KEY(product_id) REFERENCES products (id),
  CONSTRAINT fk_order_items_inventory_item_id FOREIGN KEY(inventory_item_id) REFERENCES inventory_items (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_order_items_inventory_item_id ON order_items (inventory_item_id);

CREATE INDEX ix_order_items_order_id ON order_items (order_id);

CREATE INDEX ix_order_items_product_id ON order_items (product_id);

CREATE INDEX ix_order_items_user_id ON order_items (user_id);
