-- The schema of Shopkeeper as MySQL sees it. Made by `make schema`; the migrations are what runs.

CREATE TABLE alerts (
  id BIGINT NOT NULL AUTO_INCREMENT,
  figure VARCHAR(20) NOT NULL,
  dimension VARCHAR(20) NOT NULL,
  subject VARCHAR(255) NOT NULL,
  day DATE NOT NULL,
  direction VARCHAR(10) NOT NULL,
  severity VARCHAR(10) NOT NULL,
  state VARCHAR(20) NOT NULL,
  value DOUBLE NOT NULL,
  expected DOUBLE NOT NULL,
  low DOUBLE,
  high DOUBLE,
  found_at DATETIME(6) NOT NULL,
  checked_at DATETIME(6) NOT NULL,
  resolved_at DATETIME(6),
  acknowledged_at DATETIME(6),
  acknowledged_by BIGINT,
  note TEXT,
  PRIMARY KEY (id),
  CONSTRAINT uq_alerts_subject_day UNIQUE (figure, dimension, subject, day)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_alerts_found ON alerts (found_at, id);

CREATE INDEX ix_alerts_state ON alerts (state, found_at, id);

CREATE TABLE assistant_usage (
  account_id BIGINT NOT NULL,
  day DATE NOT NULL,
  requests INTEGER NOT NULL,
  tokens BIGINT NOT NULL,
  cost_micros BIGINT NOT NULL,
  PRIMARY KEY (account_id, day)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_assistant_usage_day ON assistant_usage (day);

CREATE TABLE conversation_day_intents (
  day DATE NOT NULL,
  intent VARCHAR(32) NOT NULL,
  questions INTEGER NOT NULL,
  unanswered INTEGER NOT NULL,
  PRIMARY KEY (day, intent)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE conversation_days (
  day DATE NOT NULL,
  conversations INTEGER NOT NULL,
  people INTEGER NOT NULL,
  messages INTEGER NOT NULL,
  questions INTEGER NOT NULL,
  answered INTEGER NOT NULL,
  asked_back INTEGER NOT NULL,
  refused INTEGER NOT NULL,
  unanswered INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  resolved INTEGER NOT NULL,
  handoffs INTEGER NOT NULL,
  taken_over INTEGER NOT NULL,
  waited INTEGER NOT NULL,
  ratings INTEGER NOT NULL,
  rating_sum INTEGER NOT NULL,
  helpful INTEGER NOT NULL,
  not_helpful INTEGER NOT NULL,
  converted INTEGER NOT NULL,
  orders INTEGER NOT NULL,
  wait_s BIGINT NOT NULL,
  response_ms BIGINT NOT NULL,
  revenue_cents BIGINT NOT NULL,
  tokens BIGINT NOT NULL,
  cost_micros BIGINT NOT NULL,
  PRIMARY KEY (day)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE customer_cohorts (
  cohort DATE NOT NULL,
  month DATE NOT NULL,
  customers INTEGER NOT NULL,
  orders INTEGER NOT NULL,
  net_cents BIGINT NOT NULL,
  cost_cents BIGINT NOT NULL,
  PRIMARY KEY (cohort, month)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE customer_counts (
  day DATE NOT NULL,
  customers INTEGER NOT NULL,
  week_firsts INTEGER NOT NULL,
  month_firsts INTEGER NOT NULL,
  new_customers INTEGER NOT NULL,
  PRIMARY KEY (day)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE customer_days (
  day DATE NOT NULL,
  customer_id BIGINT NOT NULL,
  orders INTEGER NOT NULL,
  items INTEGER NOT NULL,
  units INTEGER NOT NULL,
  gross_cents BIGINT NOT NULL,
  returned_cents BIGINT NOT NULL,
  net_cents BIGINT NOT NULL,
  cost_cents BIGINT NOT NULL,
  PRIMARY KEY (day, customer_id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_customer_days_customer ON customer_days (customer_id, day);

CREATE TABLE customer_gaps (
  level VARCHAR(2) NOT NULL,
  later DATE NOT NULL,
  earlier DATE NOT NULL,
  pairs INTEGER NOT NULL,
  PRIMARY KEY (level, later, earlier)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE customer_moves (
  side SMALLINT NOT NULL,
  later DATE NOT NULL,
  earlier DATE NOT NULL,
  later_week DATE NOT NULL,
  later_month DATE NOT NULL,
  earlier_month DATE NOT NULL,
  pairs INTEGER NOT NULL,
  PRIMARY KEY (side, later, earlier)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE distribution_centers (
  id BIGINT NOT NULL AUTO_INCREMENT,
  name VARCHAR(255) NOT NULL,
  latitude DOUBLE NOT NULL,
  longitude DOUBLE NOT NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  version INTEGER NOT NULL DEFAULT '1',
  archived_at DATETIME(6),
  PRIMARY KEY (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE due_days (
  subject VARCHAR(64) NOT NULL,
  day DATE NOT NULL,
  marks INTEGER NOT NULL,
  PRIMARY KEY (subject, day)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE event_counts (
  subject VARCHAR(64) NOT NULL,
  events INTEGER NOT NULL,
  window_ends_at DATETIME(6) NOT NULL,
  PRIMARY KEY (subject)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_event_counts_window_ends_at ON event_counts (window_ends_at);

CREATE TABLE forecast_models (
  dimension VARCHAR(20) NOT NULL,
  value VARCHAR(255) NOT NULL,
  what VARCHAR(10) NOT NULL,
  horizon INTEGER NOT NULL,
  model VARCHAR(60),
  reason TEXT,
  beats_baseline SMALLINT NOT NULL,
  judged_days INTEGER NOT NULL,
  origins INTEGER NOT NULL,
  mae DOUBLE,
  wape DOUBLE,
  mase DOUBLE,
  bias DOUBLE,
  base_mae DOUBLE,
  base_wape DOUBLE,
  base_mase DOUBLE,
  base_bias DOUBLE,
  coverage_80 DOUBLE,
  coverage_95 DOUBLE,
  total_coverage_80 DOUBLE,
  total_coverage_95 DOUBLE,
  total DOUBLE,
  total_low_80 DOUBLE,
  total_high_80 DOUBLE,
  total_low_95 DOUBLE,
  total_high_95 DOUBLE,
  lead_expected DOUBLE,
  PRIMARY KEY (dimension, value, what, horizon)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE forecast_sets (
  dimension VARCHAR(20) NOT NULL,
  last_day DATE NOT NULL,
  as_of DATETIME(6) NOT NULL,
  made_at DATETIME(6) NOT NULL,
  time_zone VARCHAR(64) NOT NULL,
  lead_days INTEGER NOT NULL,
  cover_days INTEGER NOT NULL,
  sold_items BIGINT NOT NULL,
  PRIMARY KEY (dimension)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE funnel_carts (
  day DATE NOT NULL,
  cart_id BIGINT NOT NULL,
  customer_id BIGINT,
  PRIMARY KEY (day, cart_id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_funnel_carts_customer_id ON funnel_carts (customer_id);

CREATE TABLE funnel_days (
  day DATE NOT NULL,
  segment VARCHAR(16) NOT NULL,
  name VARCHAR(64) NOT NULL,
  viewed INTEGER NOT NULL,
  carted INTEGER NOT NULL,
  checked_out INTEGER NOT NULL,
  ordered INTEGER NOT NULL,
  orders INTEGER NOT NULL,
  PRIMARY KEY (day, segment, name)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE idempotency_keys (
  request_key VARCHAR(64) NOT NULL,
  fingerprint VARCHAR(64) NOT NULL,
  state VARCHAR(16) NOT NULL,
  claim VARCHAR(32) NOT NULL,
  locked_until DATETIME(6) NOT NULL,
  status INTEGER,
  headers TEXT,
  body MEDIUMTEXT,
  account_id BIGINT,
  operation VARCHAR(255),
  subject VARCHAR(64),
  created_at DATETIME(6) NOT NULL,
  expires_at DATETIME(6) NOT NULL,
  PRIMARY KEY (request_key)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_idempotency_keys_account ON idempotency_keys (account_id);

CREATE INDEX ix_idempotency_keys_expires_at ON idempotency_keys (expires_at);

CREATE INDEX ix_idempotency_keys_subject ON idempotency_keys (subject);

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

CREATE TABLE job_runs (
  id BIGINT NOT NULL AUTO_INCREMENT,
  job VARCHAR(64) NOT NULL,
  outcome VARCHAR(16) NOT NULL,
  requested_by VARCHAR(150) NOT NULL,
  holder VARCHAR(100) NOT NULL,
  started_at DATETIME(6) NOT NULL,
  finished_at DATETIME(6),
  `rows` BIGINT NOT NULL,
  elapsed_ms BIGINT,
  error VARCHAR(1000),
  PRIMARY KEY (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_job_runs_job ON job_runs (job, id);

CREATE INDEX ix_job_runs_started ON job_runs (started_at, id);

CREATE TABLE jobs (
  name VARCHAR(64) NOT NULL,
  started_at DATETIME(6),
  finished_at DATETIME(6),
  succeeded_at DATETIME(6),
  failed_in_a_row INTEGER NOT NULL,
  left_to_do BIGINT NOT NULL,
  asked_by VARCHAR(150),
  asked_at DATETIME(6),
  PRIMARY KEY (name)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE leases (
  name VARCHAR(64) NOT NULL,
  holder VARCHAR(100),
  held_until DATETIME(6) NOT NULL,
  PRIMARY KEY (name)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE login_attempts (
  subject VARCHAR(64) NOT NULL,
  attempts INTEGER NOT NULL,
  window_ends_at DATETIME(6) NOT NULL,
  under_way INTEGER NOT NULL DEFAULT '0',
  PRIMARY KEY (subject)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_login_attempts_window_ends_at ON login_attempts (window_ends_at);

CREATE TABLE mails (
  id BIGINT NOT NULL AUTO_INCREMENT,
  kind VARCHAR(32) NOT NULL,
  recipient VARCHAR(254) NOT NULL,
  content TEXT,
  state VARCHAR(16) NOT NULL,
  attempts INTEGER NOT NULL,
  next_try_at DATETIME(6) NOT NULL,
  expires_at DATETIME(6) NOT NULL,
  error VARCHAR(500),
  created_at DATETIME(6) NOT NULL,
  finished_at DATETIME(6),
  PRIMARY KEY (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_mails_due ON mails (state, next_try_at);

CREATE INDEX ix_mails_recipient ON mails (recipient);

CREATE TABLE outbox_events (
  id BIGINT NOT NULL AUTO_INCREMENT,
  uid VARCHAR(40) NOT NULL,
  kind VARCHAR(64) NOT NULL,
  aggregate VARCHAR(64) NOT NULL,
  payload TEXT NOT NULL,
  created_at DATETIME(6) NOT NULL,
  dispatched_at DATETIME(6),
  PRIMARY KEY (id),
  CONSTRAINT uq_outbox_events_uid UNIQUE (uid)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_outbox_events_aggregate ON outbox_events (aggregate, created_at, id);

CREATE INDEX ix_outbox_events_created_at ON outbox_events (created_at, id);

CREATE INDEX ix_outbox_events_dispatched_at ON outbox_events (dispatched_at, id);

CREATE INDEX ix_outbox_events_kind ON outbox_events (kind, created_at, id);

CREATE TABLE product_search (
  product_id BIGINT NOT NULL,
  words TEXT CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  facets TEXT NOT NULL,
  category_key VARCHAR(255) NOT NULL,
  brand_key VARCHAR(255),
  department_key VARCHAR(255),
  name_sort VARCHAR(70) NOT NULL,
  price_cents BIGINT NOT NULL,
  created_us BIGINT NOT NULL,
  place BIGINT NOT NULL,
  PRIMARY KEY (product_id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_product_search_brand ON product_search (brand_key, place, product_id);

CREATE INDEX ix_product_search_category ON product_search (category_key, place, product_id);

CREATE INDEX ix_product_search_created ON product_search (created_us, product_id);

CREATE INDEX ix_product_search_name ON product_search (name_sort, product_id);

CREATE INDEX ix_product_search_place ON product_search (place, product_id);

CREATE INDEX ix_product_search_price ON product_search (price_cents, product_id);

CREATE FULLTEXT INDEX ix_product_search_words_full_text ON product_search (words);

CREATE TABLE promotions (
  id BIGINT NOT NULL AUTO_INCREMENT,
  code VARCHAR(64) NOT NULL,
  code_key VARCHAR(64) NOT NULL,
  kind VARCHAR(16) NOT NULL,
  value BIGINT NOT NULL,
  minimum_cents BIGINT NOT NULL,
  starts_at DATETIME(6),
  ends_at DATETIME(6),
  usage_limit INTEGER,
  customer_limit INTEGER,
  used INTEGER NOT NULL,
  is_active BOOL NOT NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  version INTEGER NOT NULL DEFAULT '1',
  PRIMARY KEY (id),
  CONSTRAINT ck_promotions_used CHECK (used >= 0 AND (usage_limit IS NULL OR used <= usage_limit)),
  CONSTRAINT uq_promotions_code_key UNIQUE (code_key)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE recommendation_builds (
  id BIGINT NOT NULL AUTO_INCREMENT,
  state VARCHAR(16) NOT NULL,
  requested_by VARCHAR(150) NOT NULL,
  created_at DATETIME(6) NOT NULL,
  started_at DATETIME(6),
  updated_at DATETIME(6) NOT NULL,
  finished_at DATETIME(6),
  step VARCHAR(100),
  progress INTEGER NOT NULL,
  rows_read BIGINT NOT NULL,
  learned_from VARCHAR(200),
  version VARCHAR(40),
  message VARCHAR(1000),
  metrics TEXT,
  PRIMARY KEY (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_recommendation_builds_state ON recommendation_builds (state, id);

CREATE TABLE recommendation_days (
  day DATE NOT NULL,
  version VARCHAR(40) NOT NULL,
  variant VARCHAR(32) NOT NULL,
  surface VARCHAR(32) NOT NULL,
  impressions INTEGER NOT NULL,
  clicks INTEGER NOT NULL,
  people INTEGER NOT NULL,
  orders INTEGER NOT NULL,
  items INTEGER NOT NULL,
  revenue_cents BIGINT NOT NULL,
  PRIMARY KEY (day, version, variant, surface)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE recommendation_experiments (
  id BIGINT NOT NULL AUTO_INCREMENT,
  name VARCHAR(64) NOT NULL,
  state VARCHAR(16) NOT NULL,
  running SMALLINT,
  arms TEXT NOT NULL,
  salt VARCHAR(32) NOT NULL,
  planned_people INTEGER,
  started_at DATETIME(6),
  stopped_at DATETIME(6),
  created_by VARCHAR(200) NOT NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  version INTEGER NOT NULL DEFAULT '1',
  results TEXT,
  closed_at DATETIME(6),
  PRIMARY KEY (id),
  CONSTRAINT uq_recommendation_experiments_name UNIQUE (name),
  CONSTRAINT uq_recommendation_experiments_running UNIQUE (running)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE recommendation_measuring (
  id INTEGER NOT NULL AUTO_INCREMENT,
  alarm TEXT,
  told_on DATE,
  PRIMARY KEY (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE registrations (
  id BIGINT NOT NULL AUTO_INCREMENT,
  email VARCHAR(254) NOT NULL,
  email_key VARCHAR(254) NOT NULL,
  password_hash VARCHAR(255) NOT NULL,
  first_name VARCHAR(255) NOT NULL,
  last_name VARCHAR(255) NOT NULL,
  profile TEXT NOT NULL,
  created_at DATETIME(6) NOT NULL,
  expires_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_registrations_email_key ON registrations (email_key, id);

CREATE INDEX ix_registrations_expires_at ON registrations (expires_at);

CREATE TABLE reorder_runs (
  id INTEGER NOT NULL,
  made_at DATETIME(6) NOT NULL,
  last_day DATE NOT NULL,
  lead_days INTEGER NOT NULL,
  cover_days INTEGER NOT NULL,
  suggestions INTEGER NOT NULL,
  PRIMARY KEY (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE reorder_suggestions (
  position INTEGER NOT NULL,
  product_id BIGINT NOT NULL,
  sku VARCHAR(64) NOT NULL,
  name VARCHAR(500) NOT NULL,
  urgency VARCHAR(20) NOT NULL,
  free INTEGER NOT NULL,
  low_stock_level INTEGER NOT NULL,
  suggested INTEGER NOT NULL,
  model VARCHAR(60) NOT NULL,
  daily DOUBLE NOT NULL,
  lead_demand DOUBLE NOT NULL,
  period_demand DOUBLE NOT NULL,
  safety DOUBLE NOT NULL,
  reorder_point DOUBLE NOT NULL,
  order_up_to DOUBLE NOT NULL,
  short DOUBLE NOT NULL,
  days_of_cover DOUBLE,
  PRIMARY KEY (position)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_reorder_suggestions_urgency ON reorder_suggestions (urgency, position);

CREATE TABLE return_categories (
  day DATE NOT NULL,
  category VARCHAR(255) NOT NULL,
  items INTEGER NOT NULL,
  value_cents BIGINT NOT NULL,
  PRIMARY KEY (day, category)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE return_days (
  day DATE NOT NULL,
  reason VARCHAR(32) NOT NULL,
  requested INTEGER NOT NULL,
  received INTEGER NOT NULL,
  refused INTEGER NOT NULL,
  items INTEGER NOT NULL,
  value_cents BIGINT NOT NULL,
  waited_s BIGINT NOT NULL,
  timed INTEGER NOT NULL,
  PRIMARY KEY (day, reason)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE return_orders (
  day DATE NOT NULL,
  orders INTEGER NOT NULL,
  returned INTEGER NOT NULL,
  PRIMARY KEY (day)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE return_products (
  day DATE NOT NULL,
  product_id BIGINT NOT NULL,
  items INTEGER NOT NULL,
  value_cents BIGINT NOT NULL,
  PRIMARY KEY (day, product_id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE sale_facts (
  day DATE NOT NULL,
  item_id BIGINT NOT NULL,
  hour SMALLINT NOT NULL,
  order_id BIGINT NOT NULL,
  customer_id BIGINT,
  product_id BIGINT NOT NULL,
  category VARCHAR(255) NOT NULL,
  brand VARCHAR(255) NOT NULL,
  department VARCHAR(255) NOT NULL,
  traffic_source VARCHAR(255) NOT NULL,
  country VARCHAR(255) NOT NULL,
  distribution_center BIGINT NOT NULL,
  cancelled SMALLINT NOT NULL,
  returned SMALLINT NOT NULL,
  booked SMALLINT NOT NULL,
  sale_cents BIGINT NOT NULL,
  discount_cents BIGINT NOT NULL,
  refund_cents BIGINT NOT NULL,
  cost_cents BIGINT NOT NULL,
  PRIMARY KEY (day, item_id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_sale_facts_customer ON sale_facts (customer_id, day);

CREATE TABLE sales_days (
  dimension VARCHAR(20) NOT NULL,
  day DATE NOT NULL,
  value VARCHAR(255) NOT NULL,
  customers INTEGER NOT NULL,
  `lines` INTEGER NOT NULL,
  orders INTEGER NOT NULL,
  items INTEGER NOT NULL,
  units INTEGER NOT NULL,
  booked_orders INTEGER NOT NULL,
  booked_items INTEGER NOT NULL,
  gross_cents BIGINT NOT NULL,
  discount_cents BIGINT NOT NULL,
  returned_cents BIGINT NOT NULL,
  refund_cents BIGINT NOT NULL,
  cost_cents BIGINT NOT NULL,
  booked_cents BIGINT NOT NULL,
  PRIMARY KEY (dimension, day, value)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE sales_forecasts (
  dimension VARCHAR(20) NOT NULL,
  value VARCHAR(255) NOT NULL,
  what VARCHAR(10) NOT NULL,
  horizon INTEGER NOT NULL,
  day DATE NOT NULL,
  expected DOUBLE NOT NULL,
  low_80 DOUBLE,
  high_80 DOUBLE,
  low_95 DOUBLE,
  high_95 DOUBLE,
  PRIMARY KEY (dimension, value, what, horizon, day)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE sales_hours (
  day DATE NOT NULL,
  hour SMALLINT NOT NULL,
  customers INTEGER NOT NULL,
  `lines` INTEGER NOT NULL,
  orders INTEGER NOT NULL,
  items INTEGER NOT NULL,
  units INTEGER NOT NULL,
  booked_orders INTEGER NOT NULL,
  booked_items INTEGER NOT NULL,
  gross_cents BIGINT NOT NULL,
  discount_cents BIGINT NOT NULL,
  returned_cents BIGINT NOT NULL,
  refund_cents BIGINT NOT NULL,
  cost_cents BIGINT NOT NULL,
  booked_cents BIGINT NOT NULL,
  PRIMARY KEY (day, hour)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE sales_months (
  dimension VARCHAR(20) NOT NULL,
  month DATE NOT NULL,
  value VARCHAR(255) NOT NULL,
  `lines` INTEGER NOT NULL,
  orders INTEGER NOT NULL,
  items INTEGER NOT NULL,
  units INTEGER NOT NULL,
  booked_orders INTEGER NOT NULL,
  booked_items INTEGER NOT NULL,
  gross_cents BIGINT NOT NULL,
  discount_cents BIGINT NOT NULL,
  returned_cents BIGINT NOT NULL,
  refund_cents BIGINT NOT NULL,
  cost_cents BIGINT NOT NULL,
  booked_cents BIGINT NOT NULL,
  PRIMARY KEY (dimension, month, value)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE sales_totals (
  dimension VARCHAR(20) NOT NULL,
  value VARCHAR(255) NOT NULL,
  `lines` INTEGER NOT NULL,
  orders INTEGER NOT NULL,
  items INTEGER NOT NULL,
  units INTEGER NOT NULL,
  booked_orders INTEGER NOT NULL,
  booked_items INTEGER NOT NULL,
  gross_cents BIGINT NOT NULL,
  discount_cents BIGINT NOT NULL,
  returned_cents BIGINT NOT NULL,
  refund_cents BIGINT NOT NULL,
  cost_cents BIGINT NOT NULL,
  booked_cents BIGINT NOT NULL,
  PRIMARY KEY (dimension, value)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_sales_totals_booked ON sales_totals (dimension, booked_cents);

CREATE TABLE search_grams (
  gram VARCHAR(3) NOT NULL,
  word VARCHAR(32) NOT NULL,
  PRIMARY KEY (gram, word)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE search_words (
  word VARCHAR(32) NOT NULL,
  in_products INTEGER NOT NULL,
  in_names INTEGER NOT NULL,
  in_brands INTEGER NOT NULL,
  in_categories INTEGER NOT NULL,
  in_departments INTEGER NOT NULL,
  mark BIGINT NOT NULL DEFAULT '0',
  PRIMARY KEY (word)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE shipping_rules (
  id BIGINT NOT NULL AUTO_INCREMENT,
  country_key VARCHAR(255) NOT NULL,
  country VARCHAR(255),
  method VARCHAR(64) NOT NULL,
  name VARCHAR(100) NOT NULL,
  price_cents BIGINT NOT NULL,
  free_from_cents BIGINT,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  version INTEGER NOT NULL DEFAULT '1',
  PRIMARY KEY (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE UNIQUE INDEX uq_shipping_rules_place ON shipping_rules (country_key, method);

CREATE TABLE stock_cover (
  product_id BIGINT NOT NULL,
  state VARCHAR(8) NOT NULL,
  category VARCHAR(255) NOT NULL,
  category_key VARCHAR(255) NOT NULL,
  free INTEGER NOT NULL,
  cost_cents BIGINT NOT NULL,
  price_cents BIGINT NOT NULL,
  sold INTEGER NOT NULL,
  sold_before INTEGER NOT NULL,
  cover_tenths INTEGER NOT NULL,
  oldest_at DATETIME(6),
  PRIMARY KEY (product_id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_stock_cover_category_key ON stock_cover (category_key);

CREATE INDEX ix_stock_cover_cover ON stock_cover (cover_tenths, product_id);

CREATE INDEX ix_stock_cover_sold ON stock_cover (sold, product_id);

CREATE INDEX ix_stock_cover_state_cover ON stock_cover (state, cover_tenths, product_id);

CREATE INDEX ix_stock_cover_state_sold ON stock_cover (state, sold, product_id);

CREATE INDEX ix_stock_cover_state_value ON stock_cover (state, cost_cents, product_id);

CREATE INDEX ix_stock_cover_value ON stock_cover (cost_cents, product_id);

CREATE TABLE stock_cover_centers (
  product_id BIGINT NOT NULL,
  distribution_center_id BIGINT NOT NULL,
  free INTEGER NOT NULL,
  cost_cents BIGINT NOT NULL,
  price_cents BIGINT NOT NULL,
  PRIMARY KEY (product_id, distribution_center_id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_stock_cover_centers_distribution_center_id ON stock_cover_centers (distribution_center_id);

CREATE TABLE stock_pass (
  id INTEGER NOT NULL AUTO_INCREMENT,
  after_id BIGINT NOT NULL,
  started_at DATETIME(6),
  as_of DATETIME(6),
  PRIMARY KEY (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE stock_totals (
  kind VARCHAR(16) NOT NULL,
  name VARCHAR(255) NOT NULL,
  products INTEGER NOT NULL,
  units BIGINT NOT NULL,
  cost_cents BIGINT NOT NULL,
  price_cents BIGINT NOT NULL,
  PRIMARY KEY (kind, name)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE tax_rules (
  id BIGINT NOT NULL AUTO_INCREMENT,
  country_key VARCHAR(255) NOT NULL,
  state_key VARCHAR(255) NOT NULL,
  category_key VARCHAR(255) NOT NULL,
  country VARCHAR(255),
  state VARCHAR(255),
  category VARCHAR(255),
  name VARCHAR(100) NOT NULL,
  rate INTEGER NOT NULL,
  included BOOL NOT NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  version INTEGER NOT NULL DEFAULT '1',
  PRIMARY KEY (id),
  CONSTRAINT ck_tax_rules_rate CHECK (rate >= 0 AND rate <= 1000000)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE UNIQUE INDEX uq_tax_rules_place ON tax_rules (country_key(190), state_key(190), category_key(190));

CREATE TABLE test_intents (
  id BIGINT NOT NULL AUTO_INCREMENT,
  reference VARCHAR(64) NOT NULL,
  intent_key VARCHAR(255) NOT NULL,
  amount_cents BIGINT NOT NULL,
  currency VARCHAR(3) NOT NULL,
  description VARCHAR(1000) NOT NULL,
  details TEXT NOT NULL,
  state VARCHAR(16) NOT NULL,
  method VARCHAR(255),
  decline_code VARCHAR(64),
  message VARCHAR(500),
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT ck_test_intents_amount CHECK (amount_cents > 0),
  CONSTRAINT uq_test_intents_reference UNIQUE (reference),
  CONSTRAINT uq_test_intents_intent_key UNIQUE (intent_key)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_test_intents_state ON test_intents (state, id);

CREATE TABLE test_notices (
  id BIGINT NOT NULL AUTO_INCREMENT,
  event_id VARCHAR(64) NOT NULL,
  body TEXT NOT NULL,
  deliveries INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  due_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT uq_test_notices_event_id UNIQUE (event_id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_test_notices_due ON test_notices (due_at, id);

CREATE TABLE touched_customers (
  customer_id BIGINT NOT NULL,
  PRIMARY KEY (customer_id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

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
  phone VARCHAR(40),
  version INTEGER NOT NULL DEFAULT '1',
  archived_at DATETIME(6),
  PRIMARY KEY (id),
  CONSTRAINT uq_users_email_key UNIQUE (email_key)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_users_changed ON users (updated_at);

CREATE TABLE watermarks (
  subject VARCHAR(64) NOT NULL,
  seen_until DATETIME(6),
  looked_back_on DATE,
  as_of DATETIME(6),
  time_zone VARCHAR(64) NOT NULL DEFAULT 'UTC',
  PRIMARY KEY (subject)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE webhooks (
  id BIGINT NOT NULL AUTO_INCREMENT,
  url VARCHAR(1000) NOT NULL,
  description VARCHAR(500) NOT NULL,
  kinds TEXT NOT NULL,
  active BOOL NOT NULL,
  paused_reason VARCHAR(1000),
  secret VARCHAR(100) NOT NULL,
  previous_secret VARCHAR(100),
  previous_secret_until DATETIME(6),
  failures INTEGER NOT NULL,
  failing_since DATETIME(6),
  rest_until DATETIME(6),
  version INTEGER NOT NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  deleted_at DATETIME(6),
  PRIMARY KEY (id)
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
  email_key VARCHAR(254),
  customer_archived BOOL NOT NULL DEFAULT '0',
  PRIMARY KEY (id),
  CONSTRAINT uq_accounts_username_key UNIQUE (username_key),
  CONSTRAINT uq_accounts_customer_id UNIQUE (customer_id),
  CONSTRAINT fk_accounts_customer_id FOREIGN KEY(customer_id) REFERENCES users (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_accounts_email_key ON accounts (email_key);

CREATE INDEX ix_accounts_role ON accounts (`role`, id);

CREATE TABLE addresses (
  id BIGINT NOT NULL AUTO_INCREMENT,
  customer_id BIGINT NOT NULL,
  name VARCHAR(255) NOT NULL,
  street_address VARCHAR(500) NOT NULL,
  postal_code VARCHAR(32) NOT NULL,
  city VARCHAR(255) NOT NULL,
  state VARCHAR(255),
  country VARCHAR(255) NOT NULL,
  phone VARCHAR(40),
  latitude DOUBLE,
  longitude DOUBLE,
  is_default BOOL NOT NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  version INTEGER NOT NULL DEFAULT '1',
  PRIMARY KEY (id),
  CONSTRAINT fk_addresses_customer_id FOREIGN KEY(customer_id) REFERENCES users (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_addresses_customer_id ON addresses (customer_id);

CREATE TABLE carts (
  id BIGINT NOT NULL AUTO_INCREMENT,
  public_id VARCHAR(32) NOT NULL,
  customer_id BIGINT,
  promotion_code VARCHAR(64),
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT uq_carts_public_id UNIQUE (public_id),
  CONSTRAINT uq_carts_customer_id UNIQUE (customer_id),
  CONSTRAINT fk_carts_customer_id FOREIGN KEY(customer_id) REFERENCES users (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_carts_updated_at ON carts (updated_at);

CREATE TABLE event_deliveries (
  id BIGINT NOT NULL AUTO_INCREMENT,
  event_id BIGINT NOT NULL,
  target VARCHAR(32) NOT NULL,
  aggregate VARCHAR(64) NOT NULL,
  state VARCHAR(16) NOT NULL,
  attempts INTEGER NOT NULL,
  due_at DATETIME(6) NOT NULL,
  last_attempt_at DATETIME(6),
  last_status INTEGER,
  last_error VARCHAR(500),
  last_response VARCHAR(500),
  duration_ms INTEGER,
  delivered_at DATETIME(6),
  lease_holder VARCHAR(40),
  lease_until DATETIME(6),
  PRIMARY KEY (id),
  CONSTRAINT uq_event_deliveries_target_event_id UNIQUE (target, event_id),
  CONSTRAINT fk_event_deliveries_event_id FOREIGN KEY(event_id) REFERENCES outbox_events (id) ON DELETE CASCADE
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_event_deliveries_event_id ON event_deliveries (event_id);

CREATE INDEX ix_event_deliveries_state ON event_deliveries (state, id);

CREATE INDEX ix_event_deliveries_target_aggregate ON event_deliveries (target, aggregate, state, event_id);

CREATE INDEX ix_event_deliveries_target_state ON event_deliveries (target, state, due_at);

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
  email VARCHAR(254),
  currency VARCHAR(3),
  items_cents BIGINT,
  discount_cents BIGINT,
  shipping_cents BIGINT,
  tax_cents BIGINT,
  total_cents BIGINT,
  address TEXT,
  paid_at DATETIME(6),
  version INTEGER NOT NULL DEFAULT '1',
  request_key VARCHAR(64),
  PRIMARY KEY (id),
  CONSTRAINT fk_orders_user_id FOREIGN KEY(user_id) REFERENCES users (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_orders_changed ON orders (updated_at, created_at);

CREATE INDEX ix_orders_newest ON orders (created_at, id);

CREATE INDEX ix_orders_status_newest ON orders (status, created_at, id);

CREATE INDEX ix_orders_user_newest ON orders (user_id, created_at, id);

CREATE UNIQUE INDEX uq_orders_request_key ON orders (request_key);

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
  status VARCHAR(16) NOT NULL DEFAULT 'published',
  description TEXT,
  image_key VARCHAR(500),
  image_alt VARCHAR(500),
  low_stock_level INTEGER,
  version INTEGER NOT NULL DEFAULT '1',
  PRIMARY KEY (id),
  CONSTRAINT ck_products_prices CHECK (cost_cents >= 0 AND retail_price_cents >= 0),
  CONSTRAINT uq_products_sku UNIQUE (sku),
  CONSTRAINT fk_products_distribution_center_id FOREIGN KEY(distribution_center_id) REFERENCES distribution_centers (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_products_brand_key ON products (brand_key);

CREATE INDEX ix_products_category_key ON products (category_key);

CREATE INDEX ix_products_distribution_center_id ON products (distribution_center_id);

CREATE INDEX ix_products_retail_price_cents ON products (retail_price_cents);

CREATE INDEX ix_products_status ON products (status);

CREATE TABLE test_charges (
  id BIGINT NOT NULL AUTO_INCREMENT,
  intent_id BIGINT NOT NULL,
  amount_cents BIGINT NOT NULL,
  created_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT fk_test_charges_intent_id FOREIGN KEY(intent_id) REFERENCES test_intents (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_test_charges_intent_id ON test_charges (intent_id);

CREATE TABLE test_refunds (
  id BIGINT NOT NULL AUTO_INCREMENT,
  reference VARCHAR(64) NOT NULL,
  intent_id BIGINT NOT NULL,
  refund_key VARCHAR(255) NOT NULL,
  amount_cents BIGINT NOT NULL,
  state VARCHAR(16) NOT NULL,
  message VARCHAR(500),
  created_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT uq_test_refunds_reference UNIQUE (reference),
  CONSTRAINT fk_test_refunds_intent_id FOREIGN KEY(intent_id) REFERENCES test_intents (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_test_refunds_state ON test_refunds (state, id);

CREATE UNIQUE INDEX uq_test_refunds_key ON test_refunds (intent_id, refund_key);

CREATE TABLE visitors (
  id BIGINT NOT NULL AUTO_INCREMENT,
  public_id VARCHAR(64) NOT NULL,
  customer_id BIGINT,
  created_at DATETIME(6) NOT NULL,
  last_seen_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT uq_visitors_public_id UNIQUE (public_id),
  CONSTRAINT fk_visitors_customer_id FOREIGN KEY(customer_id) REFERENCES users (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_visitors_customer_id ON visitors (customer_id);

CREATE INDEX ix_visitors_last_seen_at ON visitors (last_seen_at);

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

CREATE TABLE behaviour_events (
  id BIGINT NOT NULL AUTO_INCREMENT,
  event_key VARCHAR(32) NOT NULL,
  visitor_id BIGINT,
  customer_id BIGINT,
  kind VARCHAR(16) NOT NULL,
  product_id BIGINT NOT NULL,
  request_id VARCHAR(64),
  position INTEGER,
  surface VARCHAR(32),
  at DATETIME(6) NOT NULL,
  received_at DATETIME(6) NOT NULL,
  interest SMALLINT GENERATED ALWAYS AS (CASE WHEN kind = 'impression' THEN 0 ELSE 1 END) VIRTUAL,
  PRIMARY KEY (id),
  CONSTRAINT ck_behaviour_events_somebody CHECK (visitor_id IS NOT NULL OR customer_id IS NOT NULL),
  CONSTRAINT uq_behaviour_events_event_key UNIQUE (event_key),
  CONSTRAINT fk_behaviour_events_visitor_id FOREIGN KEY(visitor_id) REFERENCES visitors (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_behaviour_events_customer ON behaviour_events (customer_id, interest, at, id);

CREATE INDEX ix_behaviour_events_received ON behaviour_events (received_at, id);

CREATE INDEX ix_behaviour_events_request ON behaviour_events (request_id, kind, id);

CREATE INDEX ix_behaviour_events_visitor ON behaviour_events (visitor_id, interest, at, id);

CREATE TABLE cart_items (
  cart_id BIGINT NOT NULL,
  product_id BIGINT NOT NULL,
  quantity INTEGER NOT NULL,
  added_at DATETIME(6) NOT NULL,
  PRIMARY KEY (cart_id, product_id),
  CONSTRAINT ck_cart_items_quantity CHECK (quantity > 0),
  CONSTRAINT fk_cart_items_cart_id FOREIGN KEY(cart_id) REFERENCES carts (id) ON DELETE CASCADE,
  CONSTRAINT fk_cart_items_product_id FOREIGN KEY(product_id) REFERENCES products (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_cart_items_product_id ON cart_items (product_id);

CREATE TABLE checkouts (
  id BIGINT NOT NULL AUTO_INCREMENT,
  public_id VARCHAR(32) NOT NULL,
  request_key VARCHAR(64),
  cart_id BIGINT,
  customer_id BIGINT,
  email VARCHAR(254) NOT NULL,
  email_key VARCHAR(254) NOT NULL,
  state VARCHAR(16) NOT NULL,
  currency VARCHAR(3) NOT NULL,
  items_cents BIGINT NOT NULL,
  discount_cents BIGINT NOT NULL,
  shipping_cents BIGINT NOT NULL,
  tax_cents BIGINT NOT NULL,
  total_cents BIGINT NOT NULL,
  promotion_id BIGINT,
  shipping_method VARCHAR(64) NOT NULL,
  address TEXT NOT NULL,
  expires_at DATETIME(6) NOT NULL,
  order_id BIGINT,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  client_key VARCHAR(64),
  PRIMARY KEY (id),
  CONSTRAINT uq_checkouts_public_id UNIQUE (public_id),
  CONSTRAINT uq_checkouts_request_key UNIQUE (request_key),
  CONSTRAINT fk_checkouts_cart_id FOREIGN KEY(cart_id) REFERENCES carts (id) ON DELETE SET NULL,
  CONSTRAINT fk_checkouts_customer_id FOREIGN KEY(customer_id) REFERENCES users (id),
  CONSTRAINT fk_checkouts_promotion_id FOREIGN KEY(promotion_id) REFERENCES promotions (id),
  CONSTRAINT uq_checkouts_order_id UNIQUE (order_id),
  CONSTRAINT fk_checkouts_order_id FOREIGN KEY(order_id) REFERENCES orders (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_checkouts_cart_id ON checkouts (cart_id);

CREATE INDEX ix_checkouts_client ON checkouts (client_key, state);

CREATE INDEX ix_checkouts_created ON checkouts (created_at);

CREATE INDEX ix_checkouts_customer_id ON checkouts (customer_id);

CREATE INDEX ix_checkouts_promotion ON checkouts (promotion_id, email_key);

CREATE INDEX ix_checkouts_promotion_id ON checkouts (promotion_id);

CREATE INDEX ix_checkouts_state ON checkouts (state, expires_at);

CREATE TABLE conversation_profiles (
  id BIGINT NOT NULL AUTO_INCREMENT,
  account_id BIGINT NOT NULL,
  is_active BOOL NOT NULL,
  preferences TEXT NOT NULL,
  total_conversations INTEGER NOT NULL,
  total_messages INTEGER NOT NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT uq_conversation_profiles_account_id UNIQUE (account_id),
  CONSTRAINT fk_conversation_profiles_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE conversation_sessions (
  id BIGINT NOT NULL AUTO_INCREMENT,
  public_id VARCHAR(36) NOT NULL,
  account_id BIGINT NOT NULL,
  title VARCHAR(255) NOT NULL,
  description TEXT NOT NULL,
  search_key TEXT NOT NULL,
  status VARCHAR(16) NOT NULL,
  ai_model_version VARCHAR(100),
  session_context MEDIUMTEXT NOT NULL,
  tags TEXT NOT NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  last_activity_at DATETIME(6) NOT NULL,
  last_sequence INTEGER NOT NULL,
  message_count INTEGER NOT NULL,
  user_message_count INTEGER NOT NULL,
  ai_message_count INTEGER NOT NULL,
  system_message_count INTEGER NOT NULL,
  failed_message_count INTEGER NOT NULL,
  user_words INTEGER NOT NULL,
  ai_words INTEGER NOT NULL,
  user_characters INTEGER NOT NULL,
  ai_characters INTEGER NOT NULL,
  first_message_at DATETIME(6),
  last_message_at DATETIME(6),
  last_message_type VARCHAR(8),
  user_responses INTEGER NOT NULL,
  user_response_ms BIGINT NOT NULL,
  ai_responses INTEGER NOT NULL,
  ai_response_ms BIGINT NOT NULL,
  confidences INTEGER NOT NULL,
  confidence_ppm BIGINT NOT NULL,
  tokens_used BIGINT NOT NULL,
  session_rating SMALLINT,
  user_satisfaction VARCHAR(32),
  rated_at DATETIME(6),
  assistant_state MEDIUMTEXT,
  answering VARCHAR(150),
  answering_until DATETIME(6),
  handoff VARCHAR(16),
  handoff_at DATETIME(6),
  assignee_id BIGINT,
  PRIMARY KEY (id),
  CONSTRAINT uq_conversation_sessions_public_id UNIQUE (public_id),
  CONSTRAINT fk_conversation_sessions_account_id FOREIGN KEY(account_id) REFERENCES accounts (id),
  CONSTRAINT fk_conversation_sessions_assignee FOREIGN KEY(assignee_id) REFERENCES accounts (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_conversation_sessions_active ON conversation_sessions (last_activity_at, id);

CREATE INDEX ix_conversation_sessions_assignee ON conversation_sessions (assignee_id, handoff_at, id);

CREATE INDEX ix_conversation_sessions_created ON conversation_sessions (created_at, id);

CREATE INDEX ix_conversation_sessions_handoff ON conversation_sessions (handoff, handoff_at, id);

CREATE INDEX ix_conversation_sessions_idle ON conversation_sessions (status, last_activity_at, id);

CREATE INDEX ix_conversation_sessions_own ON conversation_sessions (account_id, last_activity_at, id);

CREATE INDEX ix_conversation_sessions_rated ON conversation_sessions (session_rating, rated_at, id);

CREATE TABLE conversation_templates (
  id BIGINT NOT NULL AUTO_INCREMENT,
  name VARCHAR(200) NOT NULL,
  name_key VARCHAR(255) NOT NULL,
  search_key TEXT NOT NULL,
  description TEXT NOT NULL,
  category VARCHAR(100) NOT NULL,
  template_data MEDIUMTEXT NOT NULL,
  is_active BOOL NOT NULL,
  usage_count INTEGER NOT NULL,
  created_by BIGINT,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT uq_conversation_templates_name_key UNIQUE (name_key),
  CONSTRAINT fk_conversation_templates_created_by FOREIGN KEY(created_by) REFERENCES accounts (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_conversation_templates_category ON conversation_templates (category, id);

CREATE INDEX ix_conversation_templates_created_by ON conversation_templates (created_by);

CREATE TABLE experiment_exposures (
  id BIGINT NOT NULL AUTO_INCREMENT,
  experiment_id BIGINT NOT NULL,
  customer_id BIGINT,
  visitor_id BIGINT,
  arm VARCHAR(12) NOT NULL,
  first_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT ck_experiment_exposures_one_person CHECK ((customer_id IS NULL) <> (visitor_id IS NULL)),
  CONSTRAINT fk_experiment_exposures_experiment_id FOREIGN KEY(experiment_id) REFERENCES recommendation_experiments (id),
  CONSTRAINT fk_experiment_exposures_visitor_id FOREIGN KEY(visitor_id) REFERENCES visitors (id) ON DELETE CASCADE
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_experiment_exposures_customer_id ON experiment_exposures (customer_id);

CREATE INDEX ix_experiment_exposures_visitor_id ON experiment_exposures (visitor_id);

CREATE UNIQUE INDEX uq_experiment_exposures_customer ON experiment_exposures (experiment_id, customer_id);

CREATE UNIQUE INDEX uq_experiment_exposures_visitor ON experiment_exposures (experiment_id, visitor_id);

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
  reserved_at DATETIME(6),
  written_off_at DATETIME(6),
  state VARCHAR(16) GENERATED ALWAYS AS (CASE WHEN written_off_at IS NOT NULL THEN 'written_off' WHEN sold_at IS NOT NULL THEN 'sold' WHEN reserved_at IS NOT NULL THEN 'reserved' ELSE 'free' END) VIRTUAL,
  PRIMARY KEY (id),
  CONSTRAINT fk_inventory_items_product_id FOREIGN KEY(product_id) REFERENCES products (id),
  CONSTRAINT fk_inventory_items_product_distribution_center_id FOREIGN KEY(product_distribution_center_id) REFERENCES distribution_centers (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_inventory_items_product_distribution_center_id ON inventory_items (product_distribution_center_id);

CREATE INDEX ix_inventory_items_stock ON inventory_items (product_id, product_distribution_center_id, state);

CREATE TABLE mailed_tokens (
  id BIGINT NOT NULL AUTO_INCREMENT,
  purpose VARCHAR(16) NOT NULL,
  token_hash VARCHAR(64) NOT NULL,
  account_id BIGINT,
  email VARCHAR(254) NOT NULL,
  email_key VARCHAR(254) NOT NULL,
  created_at DATETIME(6) NOT NULL,
  expires_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT uq_mailed_tokens_token_hash UNIQUE (token_hash),
  CONSTRAINT fk_mailed_tokens_account_id FOREIGN KEY(account_id) REFERENCES accounts (id) ON DELETE CASCADE
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_mailed_tokens_account_id ON mailed_tokens (account_id);

CREATE INDEX ix_mailed_tokens_email_key ON mailed_tokens (email_key);

CREATE INDEX ix_mailed_tokens_expires_at ON mailed_tokens (expires_at);

CREATE TABLE order_events (
  id BIGINT NOT NULL AUTO_INCREMENT,
  order_id BIGINT NOT NULL,
  kind VARCHAR(32) NOT NULL,
  text VARCHAR(2000) NOT NULL,
  actor VARCHAR(200) NOT NULL,
  internal BOOL NOT NULL,
  created_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT fk_order_events_order_id FOREIGN KEY(order_id) REFERENCES orders (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_order_events_order ON order_events (order_id, id);

CREATE TABLE order_returns (
  id BIGINT NOT NULL AUTO_INCREMENT,
  order_id BIGINT NOT NULL,
  state VARCHAR(16) NOT NULL,
  reason VARCHAR(32) NOT NULL,
  comment VARCHAR(1000),
  requested_by VARCHAR(200) NOT NULL,
  created_at DATETIME(6) NOT NULL,
  closed_at DATETIME(6),
  PRIMARY KEY (id),
  CONSTRAINT fk_order_returns_order_id FOREIGN KEY(order_id) REFERENCES orders (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_order_returns_closed ON order_returns (closed_at);

CREATE INDEX ix_order_returns_created ON order_returns (created_at);

CREATE INDEX ix_order_returns_order_id ON order_returns (order_id);

CREATE INDEX ix_order_returns_state ON order_returns (state, created_at, id);

CREATE TABLE product_changes (
  id BIGINT NOT NULL AUTO_INCREMENT,
  product_id BIGINT NOT NULL,
  field VARCHAR(64) NOT NULL,
  old_value TEXT,
  new_value TEXT,
  actor VARCHAR(200) NOT NULL,
  created_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT fk_product_changes_product_id FOREIGN KEY(product_id) REFERENCES products (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_product_changes_newest ON product_changes (created_at);

CREATE INDEX ix_product_changes_product ON product_changes (product_id, id);

CREATE TABLE shipments (
  id BIGINT NOT NULL AUTO_INCREMENT,
  order_id BIGINT NOT NULL,
  carrier VARCHAR(100),
  tracking_number VARCHAR(100),
  shipped_at DATETIME(6) NOT NULL,
  delivered_at DATETIME(6),
  PRIMARY KEY (id),
  CONSTRAINT fk_shipments_order_id FOREIGN KEY(order_id) REFERENCES orders (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_shipments_order_id ON shipments (order_id);

CREATE TABLE stock_levels (
  product_id BIGINT NOT NULL,
  distribution_center_id BIGINT NOT NULL,
  received INTEGER NOT NULL,
  transferred INTEGER NOT NULL,
  free INTEGER NOT NULL,
  reserved INTEGER NOT NULL,
  sold INTEGER NOT NULL,
  written_off INTEGER NOT NULL,
  PRIMARY KEY (product_id, distribution_center_id),
  CONSTRAINT ck_stock_levels_adds_up CHECK (received + transferred = free + reserved + sold + written_off),
  CONSTRAINT ck_stock_levels_not_negative CHECK (received >= 0 AND free >= 0 AND reserved >= 0 AND sold >= 0 AND written_off >= 0),
  CONSTRAINT fk_stock_levels_product_id FOREIGN KEY(product_id) REFERENCES products (id),
  CONSTRAINT fk_stock_levels_distribution_center_id FOREIGN KEY(distribution_center_id) REFERENCES distribution_centers (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_stock_levels_distribution_center_id ON stock_levels (distribution_center_id);

CREATE TABLE stock_movements (
  id BIGINT NOT NULL AUTO_INCREMENT,
  product_id BIGINT NOT NULL,
  distribution_center_id BIGINT NOT NULL,
  kind VARCHAR(32) NOT NULL,
  from_state VARCHAR(16) NOT NULL,
  to_state VARCHAR(16) NOT NULL,
  units INTEGER NOT NULL,
  reason VARCHAR(500),
  reference VARCHAR(64),
  actor VARCHAR(200) NOT NULL,
  created_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT ck_stock_movements_units CHECK (units > 0),
  CONSTRAINT fk_stock_movements_product_id FOREIGN KEY(product_id) REFERENCES products (id),
  CONSTRAINT fk_stock_movements_distribution_center_id FOREIGN KEY(distribution_center_id) REFERENCES distribution_centers (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_stock_movements_distribution_center_id ON stock_movements (distribution_center_id);

CREATE INDEX ix_stock_movements_newest ON stock_movements (created_at, id);

CREATE INDEX ix_stock_movements_product ON stock_movements (product_id, distribution_center_id, id);

CREATE INDEX ix_stock_movements_reference ON stock_movements (reference, created_at, id);

CREATE TABLE checkout_items (
  id BIGINT NOT NULL AUTO_INCREMENT,
  checkout_id BIGINT NOT NULL,
  product_id BIGINT NOT NULL,
  inventory_item_id BIGINT NOT NULL,
  list_price_cents BIGINT NOT NULL,
  discount_cents BIGINT NOT NULL,
  tax_cents BIGINT NOT NULL,
  tax_included BOOL NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT fk_checkout_items_checkout_id FOREIGN KEY(checkout_id) REFERENCES checkouts (id),
  CONSTRAINT fk_checkout_items_product_id FOREIGN KEY(product_id) REFERENCES products (id),
  CONSTRAINT fk_checkout_items_inventory_item_id FOREIGN KEY(inventory_item_id) REFERENCES inventory_items (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_checkout_items_checkout_id ON checkout_items (checkout_id);

CREATE INDEX ix_checkout_items_inventory_item_id ON checkout_items (inventory_item_id);

CREATE INDEX ix_checkout_items_product_id ON checkout_items (product_id);

CREATE TABLE conversation_handoffs (
  id BIGINT NOT NULL AUTO_INCREMENT,
  session_id BIGINT NOT NULL,
  requested_by VARCHAR(16) NOT NULL,
  reason VARCHAR(32) NOT NULL,
  requested_at DATETIME(6) NOT NULL,
  assignee_id BIGINT,
  taken_at DATETIME(6),
  closed_at DATETIME(6),
  PRIMARY KEY (id),
  CONSTRAINT fk_conversation_handoffs_session_id FOREIGN KEY(session_id) REFERENCES conversation_sessions (id) ON DELETE CASCADE,
  CONSTRAINT fk_conversation_handoffs_assignee_id FOREIGN KEY(assignee_id) REFERENCES accounts (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_conversation_handoffs_assignee ON conversation_handoffs (assignee_id, id);

CREATE INDEX ix_conversation_handoffs_requested ON conversation_handoffs (requested_at, id);

CREATE INDEX ix_conversation_handoffs_session ON conversation_handoffs (session_id, id);

CREATE TABLE conversation_messages (
  id BIGINT NOT NULL AUTO_INCREMENT,
  public_id VARCHAR(36) NOT NULL,
  session_id BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  sequence_number INTEGER NOT NULL,
  message_type VARCHAR(8) NOT NULL,
  origin VARCHAR(16) NOT NULL,
  author_id BIGINT,
  content TEXT NOT NULL,
  words TEXT CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  status VARCHAR(16) NOT NULL,
  timestamp DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  ai_model VARCHAR(100),
  response_time_ms INTEGER,
  tokens_used INTEGER,
  confidence_ppm INTEGER,
  metadata MEDIUMTEXT NOT NULL,
  attachments MEDIUMTEXT NOT NULL,
  word_count INTEGER NOT NULL,
  character_count INTEGER NOT NULL,
  language VARCHAR(8),
  client_message_id VARCHAR(64),
  reply_to INTEGER,
  intent VARCHAR(32),
  outcome VARCHAR(16),
  cost_micros BIGINT,
  PRIMARY KEY (id),
  CONSTRAINT uq_conversation_messages_number UNIQUE (session_id, sequence_number),
  CONSTRAINT uq_conversation_messages_client UNIQUE (session_id, client_message_id),
  CONSTRAINT uq_conversation_messages_public_id UNIQUE (public_id),
  CONSTRAINT fk_conversation_messages_session_id FOREIGN KEY(session_id) REFERENCES conversation_sessions (id) ON DELETE CASCADE
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_conversation_messages_outcome ON conversation_messages (outcome, timestamp, id);

CREATE INDEX ix_conversation_messages_own ON conversation_messages (account_id, timestamp, id);

CREATE INDEX ix_conversation_messages_time ON conversation_messages (timestamp, id);

CREATE FULLTEXT INDEX ix_conversation_messages_words_full_text ON conversation_messages (words);

CREATE TABLE conversation_notes (
  id BIGINT NOT NULL AUTO_INCREMENT,
  session_id BIGINT NOT NULL,
  author_id BIGINT NOT NULL,
  content TEXT NOT NULL,
  created_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT fk_conversation_notes_session_id FOREIGN KEY(session_id) REFERENCES conversation_sessions (id) ON DELETE CASCADE,
  CONSTRAINT fk_conversation_notes_author_id FOREIGN KEY(author_id) REFERENCES accounts (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_conversation_notes_author_id ON conversation_notes (author_id);

CREATE INDEX ix_conversation_notes_session ON conversation_notes (session_id, id);

CREATE TABLE conversation_products (
  session_id BIGINT NOT NULL,
  product_id BIGINT NOT NULL,
  shown_at DATETIME(6) NOT NULL,
  in_cart BOOL NOT NULL,
  PRIMARY KEY (session_id, product_id),
  CONSTRAINT fk_conversation_products_session_id FOREIGN KEY(session_id) REFERENCES conversation_sessions (id) ON DELETE CASCADE
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_conversation_products_product ON conversation_products (product_id, shown_at);

CREATE TABLE conversation_reviews (
  session_id BIGINT NOT NULL,
  sequence_number INTEGER NOT NULL,
  reviewed_by BIGINT NOT NULL,
  reviewed_at DATETIME(6) NOT NULL,
  PRIMARY KEY (session_id, sequence_number),
  CONSTRAINT fk_conversation_reviews_session_id FOREIGN KEY(session_id) REFERENCES conversation_sessions (id) ON DELETE CASCADE,
  CONSTRAINT fk_conversation_reviews_reviewed_by FOREIGN KEY(reviewed_by) REFERENCES accounts (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_conversation_reviews_reviewed_by ON conversation_reviews (reviewed_by);

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
  list_price_cents BIGINT,
  discount_cents BIGINT NOT NULL DEFAULT '0',
  tax_cents BIGINT NOT NULL DEFAULT '0',
  tax_included BOOL NOT NULL DEFAULT '0',
  refunded_cents BIGINT NOT NULL DEFAULT '0',
  shipment_id BIGINT,
  return_id BIGINT,
  PRIMARY KEY (id),
  CONSTRAINT ck_order_items_price CHECK (sale_price_cents >= 0),
  CONSTRAINT fk_order_items_order_id FOREIGN KEY(order_id) REFERENCES orders (id),
  CONSTRAINT fk_order_items_user_id FOREIGN KEY(user_id) REFERENCES users (id),
  CONSTRAINT fk_order_items_product_id FOREIGN KEY(product_id) REFERENCES products (id),
  CONSTRAINT fk_order_items_inventory_item_id FOREIGN KEY(inventory_item_id) REFERENCES inventory_items (id),
  CONSTRAINT fk_order_items_shipment_id FOREIGN KEY(shipment_id) REFERENCES shipments (id),
  CONSTRAINT fk_order_items_return_id FOREIGN KEY(return_id) REFERENCES order_returns (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_order_items_inventory_item_id ON order_items (inventory_item_id);

CREATE INDEX ix_order_items_order_id ON order_items (order_id);

CREATE INDEX ix_order_items_product_id ON order_items (product_id);

CREATE INDEX ix_order_items_return_id ON order_items (return_id);

CREATE INDEX ix_order_items_returned ON order_items (returned_at);

CREATE INDEX ix_order_items_shipment_id ON order_items (shipment_id);

CREATE INDEX ix_order_items_user_id ON order_items (user_id);

CREATE TABLE payments (
  id BIGINT NOT NULL AUTO_INCREMENT,
  request_key VARCHAR(64),
  checkout_id BIGINT,
  order_id BIGINT,
  provider VARCHAR(32) NOT NULL,
  reference VARCHAR(255),
  state VARCHAR(16) NOT NULL,
  amount_cents BIGINT NOT NULL,
  currency VARCHAR(3) NOT NULL,
  method VARCHAR(255) NOT NULL,
  decline_code VARCHAR(64),
  message VARCHAR(500),
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT uq_payments_request_key UNIQUE (request_key),
  CONSTRAINT fk_payments_checkout_id FOREIGN KEY(checkout_id) REFERENCES checkouts (id),
  CONSTRAINT fk_payments_order_id FOREIGN KEY(order_id) REFERENCES orders (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_payments_checkout_id ON payments (checkout_id);

CREATE INDEX ix_payments_order_id ON payments (order_id);

CREATE INDEX ix_payments_state ON payments (state, updated_at);

CREATE UNIQUE INDEX uq_payments_reference ON payments (provider, reference);

CREATE TABLE message_reactions (
  id BIGINT NOT NULL AUTO_INCREMENT,
  message_id BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  reaction_type VARCHAR(16) NOT NULL,
  comment TEXT,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT uq_message_reactions_once UNIQUE (message_id, account_id, reaction_type),
  CONSTRAINT fk_message_reactions_message_id FOREIGN KEY(message_id) REFERENCES conversation_messages (id) ON DELETE CASCADE,
  CONSTRAINT fk_message_reactions_account_id FOREIGN KEY(account_id) REFERENCES accounts (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_message_reactions_account_id ON message_reactions (account_id);

CREATE INDEX ix_message_reactions_type ON message_reactions (reaction_type, updated_at, id);

CREATE TABLE refunds (
  id BIGINT NOT NULL AUTO_INCREMENT,
  payment_id BIGINT NOT NULL,
  order_id BIGINT,
  state VARCHAR(16) NOT NULL,
  amount_cents BIGINT NOT NULL,
  reference VARCHAR(255),
  reason VARCHAR(500) NOT NULL,
  message VARCHAR(500),
  actor VARCHAR(200) NOT NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT ck_refunds_amount CHECK (amount_cents > 0),
  CONSTRAINT fk_refunds_payment_id FOREIGN KEY(payment_id) REFERENCES payments (id),
  CONSTRAINT fk_refunds_order_id FOREIGN KEY(order_id) REFERENCES orders (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX ix_refunds_order_id ON refunds (order_id);

CREATE INDEX ix_refunds_payment_id ON refunds (payment_id);

CREATE INDEX ix_refunds_state ON refunds (state, updated_at);
