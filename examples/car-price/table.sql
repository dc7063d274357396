create table if not exists tbl_car_price (
  id serial primary key, brand varchar(50), model varchar(50) not null, year integer, price integer, transmission varchar(20),
  mileage integer, fuel_type varchar(20), tax integer, mpg double precision, engine_size double precision);
