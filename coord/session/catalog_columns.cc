// Columns of the system catalogs, as PostgreSQL 15 and TimescaleDB 2.13 have them: "name type", types by pg_type.typname. Types that tsd
// has not are the nearest it has (int2vector: int2[], pg_node_tree and aclitem: text).
#include "coord/session/catalog_columns.h"

namespace tsd::coord {

const std::vector<CatalogColumns>& AllCatalogColumns() {  // tidy: one table, no control flow
  static const auto* all = new std::vector<CatalogColumns>{
      {"pg_catalog", "pg_namespace", 2615,
       "oid oid,nspname name,nspowner oid,nspacl _text"},
      {"pg_catalog", "pg_class", 1259,
       "oid oid,relname name,relnamespace oid,reltype oid,reloftype oid,relowner oid,relam oid,relfilenode oid,"
       "reltablespace oid,relpages int4,reltuples float4,relallvisible int4,reltoastrelid oid,relhasindex bool,"
       "relisshared bool,relpersistence char,relkind char,relnatts int2,relchecks int2,relhasrules bool,"
       "relhastriggers bool,relhassubclass bool,relrowsecurity bool,relforcerowsecurity bool,relispopulated bool,"
       "relreplident char,relispartition bool,relrewrite oid,relfrozenxid xid,relminmxid xid,relacl _text,"
       "reloptions _text,relpartbound text"},
      {"pg_catalog", "pg_attribute", 1249,
       "attrelid oid,attname name,atttypid oid,attstattarget int4,attlen int2,attnum int2,attndims int4,"
       "attcacheoff int4,atttypmod int4,attbyval bool,attalign char,attstorage char,attcompression char,"
       "attnotnull bool,atthasdef bool,atthasmissing bool,attidentity char,attgenerated char,attisdropped bool,"
       "attislocal bool,attinhcount int4,attcollation oid,attacl _text,attoptions _text,attfdwoptions _text,"
       "attmissingval text"},
      {"pg_catalog", "pg_attrdef", 2604,
       "oid oid,adrelid oid,adnum int2,adbin text"},
      {"pg_catalog", "pg_type", 1247,
       "oid oid,typname name,typnamespace oid,typowner oid,typlen int2,typbyval bool,typtype char,typcategory char,"
       "typispreferred bool,typisdefined bool,typdelim char,typrelid oid,typsubscript regproc,typelem oid,typarray oid,"
       "typinput regproc,typoutput regproc,typreceive regproc,typsend regproc,typmodin regproc,typmodout regproc,"
       "typanalyze regproc,typalign char,typstorage char,typnotnull bool,typbasetype oid,typtypmod int4,typndims int4,"
       "typcollation oid,typdefaultbin text,typdefault text,typacl _text"},
      {"pg_catalog", "pg_index", 2610,
       "indexrelid oid,indrelid oid,indnatts int2,indnkeyatts int2,indisunique bool,indnullsnotdistinct bool,"
       "indisprimary bool,indisexclusion bool,indimmediate bool,indisclustered bool,indisvalid bool,indcheckxmin bool,"
       "indisready bool,indislive bool,indisreplident bool,indkey _int2,indcollation _oid,indclass _oid,"
       "indoption _int2,indexprs text,indpred text"},
      {"pg_catalog", "pg_constraint", 2606,
       "oid oid,conname name,connamespace oid,contype char,condeferrable bool,condeferred bool,convalidated bool,"
       "conrelid oid,contypid oid,conindid oid,conparentid oid,confrelid oid,confupdtype char,confdeltype char,"
       "confmatchtype char,conislocal bool,coninhcount int4,connoinherit bool,conkey _int2,confkey _int2,"
       "conpfeqop _oid,conppeqop _oid,conffeqop _oid,confdelsetcols _int2,conexclop _oid,conbin text"},
      {"pg_catalog", "pg_description", 2609,
       "objoid oid,classoid oid,objsubid int4,description text"},
      {"pg_catalog", "pg_shdescription", 2396,
       "objoid oid,classoid oid,description text"},
      {"pg_catalog", "pg_db_role_setting", 2964,
       "setdatabase oid,setrole oid,setconfig _text"},
      {"pg_catalog", "pg_database", 1262,
       "oid oid,datname name,datdba oid,encoding int4,datlocprovider char,datistemplate bool,datallowconn bool,"
       "datconnlimit int4,datfrozenxid xid,datminmxid xid,dattablespace oid,datcollate text,datctype text,"
       "daticulocale text,datcollversion text,datacl _text"},
      {"pg_catalog", "pg_roles", 12000,
       "rolname name,rolsuper bool,rolinherit bool,rolcreaterole bool,rolcreatedb bool,rolcanlogin bool,"
       "rolreplication bool,rolconnlimit int4,rolpassword text,rolvaliduntil timestamptz,rolbypassrls bool,"
       "rolconfig _text,oid oid"},
      {"pg_catalog", "pg_authid", 1260,
       "oid oid,rolname name,rolsuper bool,rolinherit bool,rolcreaterole bool,rolcreatedb bool,rolcanlogin bool,"
       "rolreplication bool,rolbypassrls bool,rolconnlimit int4,rolpassword text,rolvaliduntil timestamptz"},
      {"pg_catalog", "pg_auth_members", 1261,
       "roleid oid,member oid,grantor oid,admin_option bool"},
      {"pg_catalog", "pg_user", 12014,
       "usename name,usesysid oid,usecreatedb bool,usesuper bool,userepl bool,usebypassrls bool,passwd text,"
       "valuntil timestamptz,useconfig _text"},
      {"pg_catalog", "pg_proc", 1255,
       "oid oid,proname name,pronamespace oid,proowner oid,prolang oid,procost float4,prorows float4,provariadic oid,"
       "prosupport regproc,prokind char,prosecdef bool,proleakproof bool,proisstrict bool,proretset bool,"
       "provolatile char,proparallel char,pronargs int2,pronargdefaults int2,prorettype oid,proargtypes text,"
       "proallargtypes _oid,proargmodes _char,proargnames _text,proargdefaults text,protrftypes _oid,prosrc text,"
       "probin text,prosqlbody text,proconfig _text,proacl _text"},
      {"pg_catalog", "pg_am", 2601,
       "oid oid,amname name,amhandler regproc,amtype char"},
      {"pg_catalog", "pg_collation", 3456,
       "oid oid,collname name,collnamespace oid,collowner oid,collprovider char,collisdeterministic bool,"
       "collencoding int4,collcollate text,collctype text,colliculocale text,collversion text"},
      {"pg_catalog", "pg_enum", 3501,
       "oid oid,enumtypid oid,enumsortorder float4,enumlabel name"},
      {"pg_catalog", "pg_range", 3541,
       "rngtypid oid,rngsubtype oid,rngmultitypid oid,rngcollation oid,rngsubopc oid,rngcanonical regproc,"
       "rngsubdiff regproc"},
      {"pg_catalog", "pg_sequence", 2224,
       "seqrelid oid,seqtypid oid,seqstart int8,seqincrement int8,seqmax int8,seqmin int8,seqcache int8,seqcycle bool"},
      {"pg_catalog", "pg_sequences", 12048,
       "schemaname name,sequencename name,sequenceowner name,data_type regtype,start_value int8,min_value int8,"
       "max_value int8,increment_by int8,cycle bool,cache_size int8,last_value int8"},
      {"pg_catalog", "pg_settings", 12104,
       "name text,setting text,unit text,category text,short_desc text,extra_desc text,context text,vartype text,"
       "source text,min_val text,max_val text,enumvals _text,boot_val text,reset_val text,sourcefile text,"
       "sourceline int4,pending_restart bool"},
      {"pg_catalog", "pg_tables", 12033,
       "schemaname name,tablename name,tableowner name,tablespace name,hasindexes bool,hasrules bool,hastriggers bool,"
       "rowsecurity bool"},
      {"pg_catalog", "pg_views", 12028,
       "schemaname name,viewname name,viewowner name,definition text"},
      {"pg_catalog", "pg_matviews", 12038,
       "schemaname name,matviewname name,matviewowner name,tablespace name,hasindexes bool,ispopulated bool,"
       "definition text"},
      {"pg_catalog", "pg_indexes", 12043,
       "schemaname name,tablename name,indexname name,tablespace name,indexdef text"},
      {"pg_catalog", "pg_inherits", 2611,
       "inhrelid oid,inhparent oid,inhseqno int4,inhdetachpending bool"},
      {"pg_catalog", "pg_partitioned_table", 3350,
       "partrelid oid,partstrat char,partnatts int2,partdefid oid,partattrs _int2,partclass _oid,partcollation _oid,"
       "partexprs text"},
      {"pg_catalog", "pg_trigger", 2620,
       "oid oid,tgrelid oid,tgparentid oid,tgname name,tgfoid oid,tgtype int2,tgenabled char,tgisinternal bool,"
       "tgconstrrelid oid,tgconstrindid oid,tgconstraint oid,tgdeferrable bool,tginitdeferred bool,tgnargs int2,"
       "tgattr _int2,tgargs bytea,tgqual text,tgoldtable name,tgnewtable name"},
      {"pg_catalog", "pg_rewrite", 2618,
       "oid oid,rulename name,ev_class oid,ev_type char,ev_enabled char,is_instead bool,ev_qual text,ev_action text"},
      {"pg_catalog", "pg_policy", 3256,
       "oid oid,polname name,polrelid oid,polcmd char,polpermissive bool,polroles _oid,polqual text,polwithcheck text"},
      {"pg_catalog", "pg_statistic_ext", 3381,
       "oid oid,stxrelid oid,stxname name,stxnamespace oid,stxowner oid,stxstattarget int4,stxkeys _int2,stxkind _char,"
       "stxexprs text"},
      {"pg_catalog", "pg_publication", 6104,
       "oid oid,pubname name,pubowner oid,puballtables bool,pubinsert bool,pubupdate bool,pubdelete bool,"
       "pubtruncate bool,pubviaroot bool"},
      {"pg_catalog", "pg_publication_rel", 6106,
       "oid oid,prpubid oid,prrelid oid,prqual text,prattrs _int2"},
      {"pg_catalog", "pg_publication_namespace", 6237,
       "oid oid,pnpubid oid,pnnspid oid"},
      {"pg_catalog", "pg_extension", 3079,
       "oid oid,extname name,extowner oid,extnamespace oid,extrelocatable bool,extversion text,extconfig _oid,"
       "extcondition _text"},
      {"pg_catalog", "pg_available_extensions", 12081,
       "name name,default_version text,installed_version text,comment text"},
      {"pg_catalog", "pg_foreign_server", 1417,
       "oid oid,srvname name,srvowner oid,srvfdw oid,srvtype text,srvversion text,srvacl _text,srvoptions _text"},
      {"pg_catalog", "pg_foreign_data_wrapper", 2328,
       "oid oid,fdwname name,fdwowner oid,fdwhandler oid,fdwvalidator oid,fdwacl _text,fdwoptions _text"},
      {"pg_catalog", "pg_foreign_table", 3118,
       "ftrelid oid,ftserver oid,ftoptions _text"},
      {"pg_catalog", "pg_user_mappings", 12327,
       "umid oid,srvid oid,srvname name,umuser oid,usename name,umoptions _text"},
      {"pg_catalog", "pg_user_mapping", 1418,
       "oid oid,umuser oid,umserver oid,umoptions _text"},
      {"pg_catalog", "pg_tablespace", 1213,
       "oid oid,spcname name,spcowner oid,spcacl _text,spcoptions _text"},
      {"pg_catalog", "pg_default_acl", 826,
       "oid oid,defaclrole oid,defaclnamespace oid,defaclobjtype char,defaclacl _text"},
      {"pg_catalog", "pg_opclass", 2616,
       "oid oid,opcmethod oid,opcname name,opcnamespace oid,opcowner oid,opcfamily oid,opcintype oid,opcdefault bool,"
       "opckeytype oid"},
      {"pg_catalog", "pg_opfamily", 2753,
       "oid oid,opfmethod oid,opfname name,opfnamespace oid,opfowner oid"},
      {"pg_catalog", "pg_operator", 2617,
       "oid oid,oprname name,oprnamespace oid,oprowner oid,oprkind char,oprcanmerge bool,oprcanhash bool,oprleft oid,"
       "oprright oid,oprresult oid,oprcom oid,oprnegate oid,oprcode regproc,oprrest regproc,oprjoin regproc"},
      {"pg_catalog", "pg_cast", 2605,
       "oid oid,castsource oid,casttarget oid,castfunc oid,castcontext char,castmethod char"},
      {"pg_catalog", "pg_conversion", 2607,
       "oid oid,conname name,connamespace oid,conowner oid,conforencoding int4,contoencoding int4,conproc regproc,"
       "condefault bool"},
      {"pg_catalog", "pg_language", 2612,
       "oid oid,lanname name,lanowner oid,lanispl bool,lanpltrusted bool,lanplcallfoid oid,laninline oid,"
       "lanvalidator oid,lanacl _text"},
      {"pg_catalog", "pg_aggregate", 2600,
       "aggfnoid regproc,aggkind char,aggnumdirectargs int2,aggtransfn regproc,aggfinalfn regproc,aggcombinefn regproc,"
       "aggserialfn regproc,aggdeserialfn regproc,aggmtransfn regproc,aggminvtransfn regproc,aggmfinalfn regproc,"
       "aggfinalextra bool,aggmfinalextra bool,aggfinalmodify char,aggmfinalmodify char,aggsortop oid,aggtranstype oid,"
       "aggtransspace int4,aggmtranstype oid,aggmtransspace int4,agginitval text,aggminitval text"},
      {"pg_catalog", "pg_depend", 2608,
       "classid oid,objid oid,objsubid int4,refclassid oid,refobjid oid,refobjsubid int4,deptype char"},
      {"pg_catalog", "pg_event_trigger", 3466,
       "oid oid,evtname name,evtevent name,evtowner oid,evtfoid oid,evtenabled char,evttags _text"},
      {"pg_catalog", "pg_locks", 12073,
       "locktype text,database oid,relation oid,page int4,tuple int2,virtualxid text,transactionid xid,classid oid,"
       "objid oid,objsubid int2,virtualtransaction text,pid int4,mode text,granted bool,fastpath bool,"
       "waitstart timestamptz"},
      {"pg_catalog", "pg_prepared_xacts", 12090,
       "transaction xid,gid text,prepared timestamptz,owner name,database name"},
      {"pg_catalog", "pg_prepared_statements", 12095,
       "name text,statement text,prepare_time timestamptz,parameter_types _regtype,from_sql bool,generic_plans int8,"
       "custom_plans int8"},
      {"pg_catalog", "pg_cursors", 12077,
       "name text,statement text,is_holdable bool,is_binary bool,is_scrollable bool,creation_time timestamptz"},
      {"pg_catalog", "pg_stat_activity", 12222,
       "datid oid,datname name,pid int4,leader_pid int4,usesysid oid,usename name,application_name text,"
       "client_addr inet,client_hostname text,client_port int4,backend_start timestamptz,xact_start timestamptz,"
       "query_start timestamptz,state_change timestamptz,wait_event_type text,wait_event text,state text,"
       "backend_xid xid,backend_xmin xid,query_id int8,query text,backend_type text"},
      {"pg_catalog", "pg_stat_user_tables", 12161,
       "relid oid,schemaname name,relname name,seq_scan int8,seq_tup_read int8,idx_scan int8,idx_tup_fetch int8,"
       "n_tup_ins int8,n_tup_upd int8,n_tup_del int8,n_tup_hot_upd int8,n_live_tup int8,n_dead_tup int8,"
       "n_mod_since_analyze int8,n_ins_since_vacuum int8,last_vacuum timestamptz,last_autovacuum timestamptz,"
       "last_analyze timestamptz,last_autoanalyze timestamptz,vacuum_count int8,autovacuum_count int8,"
       "analyze_count int8,autoanalyze_count int8"},
      {"pg_catalog", "pg_statio_all_tables", 12170,
       "relid oid,schemaname name,relname name,heap_blks_read int8,heap_blks_hit int8,idx_blks_read int8,"
       "idx_blks_hit int8,toast_blks_read int8,toast_blks_hit int8,tidx_blks_read int8,tidx_blks_hit int8"},
      {"pg_catalog", "pg_stat_database", 12266,
       "datid oid,datname name,numbackends int4,xact_commit int8,xact_rollback int8,blks_read int8,blks_hit int8,"
       "tup_returned int8,tup_fetched int8,tup_inserted int8,tup_updated int8,tup_deleted int8,conflicts int8,"
       "temp_files int8,temp_bytes int8,deadlocks int8,checksum_failures int8,checksum_last_failure timestamptz,"
       "blk_read_time float8,blk_write_time float8,session_time float8,active_time float8,"
       "idle_in_transaction_time float8,sessions int8,sessions_abandoned int8,sessions_fatal int8,sessions_killed int8,"
       "stats_reset timestamptz"},
      {"pg_catalog", "pg_stat_ssl", 12249,
       "pid int4,ssl bool,version text,cipher text,bits int4,client_dn text,client_serial numeric,issuer_dn text"},
      {"pg_catalog", "pg_stat_gssapi", 12253,
       "pid int4,gss_authenticated bool,principal text,encrypted bool"},
      {"pg_catalog", "pg_stat_replication", 12227,
       "pid int4,usesysid oid,usename name,application_name text,client_addr inet,client_hostname text,"
       "client_port int4,backend_start timestamptz,backend_xmin xid,state text,sent_lsn pg_lsn,write_lsn pg_lsn,"
       "flush_lsn pg_lsn,replay_lsn pg_lsn,write_lag interval,flush_lag interval,replay_lag interval,"
       "sync_priority int4,sync_state text,reply_time timestamptz"},
      {"pg_catalog", "pg_hba_file_rules", 12114,
       "line_number int4,type text,database _text,user_name _text,address text,netmask text,auth_method text,"
       "options _text,error text"},
      {"pg_catalog", "pg_file_settings", 12110,
       "sourcefile text,sourceline int4,seqno int4,name text,setting text,applied bool,error text"},
      {"pg_catalog", "pg_timezone_names", 12126,
       "name text,abbrev text,utc_offset interval,is_dst bool"},
      {"pg_catalog", "pg_subscription", 6100,
       "oid oid,subdbid oid,subskiplsn pg_lsn,subname name,subowner oid,subenabled bool,subbinary bool,substream bool,"
       "subtwophasestate char,subdisableonerr bool,subconninfo text,subslotname name,subsynccommit text,"
       "subpublications _text"},
      {"pg_catalog", "pg_ts_config", 3602,
       "oid oid,cfgname name,cfgnamespace oid,cfgowner oid,cfgparser oid"},
      {"pg_catalog", "pg_ts_dict", 3600,
       "oid oid,dictname name,dictnamespace oid,dictowner oid,dicttemplate oid,dictinitoption text"},
      {"pg_catalog", "pg_ts_parser", 3601,
       "oid oid,prsname name,prsnamespace oid,prsstart regproc,prstoken regproc,prsend regproc,prsheadline regproc,"
       "prslextype regproc"},
      {"pg_catalog", "pg_ts_template", 3764,
       "oid oid,tmplname name,tmplnamespace oid,tmplinit regproc,tmpllexize regproc"},
      {"pg_catalog", "pg_group", 12010,
       "groname name,grosysid oid,grolist _oid"},
      {"pg_catalog", "pg_shadow", 12005,
       "usename name,usesysid oid,usecreatedb bool,usesuper bool,userepl bool,usebypassrls bool,passwd text,"
       "valuntil timestamptz,useconfig _text"},
      {"pg_catalog", "pg_parameter_acl", 6243,
       "oid oid,parname text,paracl _text"},
      {"information_schema", "schemata", 13382,
       "catalog_name name,schema_name name,schema_owner name,default_character_set_catalog name,"
       "default_character_set_schema name,default_character_set_name name,sql_path varchar"},
      {"information_schema", "tables", 13425,
       "table_catalog name,table_schema name,table_name name,table_type varchar,self_referencing_column_name name,"
       "reference_generation varchar,user_defined_type_catalog name,user_defined_type_schema name,"
       "user_defined_type_name name,is_insertable_into varchar,is_typed varchar,commit_action varchar"},
      {"information_schema", "columns", 13295,
       "table_catalog name,table_schema name,table_name name,column_name name,ordinal_position int4,"
       "column_default varchar,is_nullable varchar,data_type varchar,character_maximum_length int4,"
       "character_octet_length int4,numeric_precision int4,numeric_precision_radix int4,numeric_scale int4,"
       "datetime_precision int4,interval_type varchar,interval_precision int4,character_set_catalog name,"
       "character_set_schema name,character_set_name name,collation_catalog name,collation_schema name,"
       "collation_name name,domain_catalog name,domain_schema name,domain_name name,udt_catalog name,udt_schema name,"
       "udt_name name,scope_catalog name,scope_schema name,scope_name name,maximum_cardinality int4,"
       "dtd_identifier name,is_self_referencing varchar,is_identity varchar,identity_generation varchar,"
       "identity_start varchar,identity_increment varchar,identity_maximum varchar,identity_minimum varchar,"
       "identity_cycle varchar,is_generated varchar,generation_expression varchar,is_updatable varchar"},
      {"information_schema", "table_constraints", 13411,
       "constraint_catalog name,constraint_schema name,constraint_name name,table_catalog name,table_schema name,"
       "table_name name,constraint_type varchar,is_deferrable varchar,initially_deferred varchar,enforced varchar,"
       "nulls_distinct varchar"},
      {"information_schema", "key_column_usage", 13329,
       "constraint_catalog name,constraint_schema name,constraint_name name,table_catalog name,table_schema name,"
       "table_name name,column_name name,ordinal_position int4,position_in_unique_constraint int4"},
      {"information_schema", "constraint_column_usage", 13300,
       "table_catalog name,table_schema name,table_name name,column_name name,constraint_catalog name,"
       "constraint_schema name,constraint_name name"},
      {"information_schema", "referential_constraints", 13339,
       "constraint_catalog name,constraint_schema name,constraint_name name,unique_constraint_catalog name,"
       "unique_constraint_schema name,unique_constraint_name name,match_option varchar,update_rule varchar,"
       "delete_rule varchar"},
      {"information_schema", "views", 13483,
       "table_catalog name,table_schema name,table_name name,view_definition varchar,check_option varchar,"
       "is_updatable varchar,is_insertable_into varchar,is_trigger_updatable varchar,is_trigger_deletable varchar,"
       "is_trigger_insertable_into varchar"},
      {"information_schema", "routines", 13377,
       "specific_catalog name,specific_schema name,specific_name name,routine_catalog name,routine_schema name,"
       "routine_name name,routine_type varchar,module_catalog name,module_schema name,module_name name,"
       "udt_catalog name,udt_schema name,udt_name name,data_type varchar,character_maximum_length int4,"
       "character_octet_length int4,character_set_catalog name,character_set_schema name,character_set_name name,"
       "collation_catalog name,collation_schema name,collation_name name,numeric_precision int4,"
       "numeric_precision_radix int4,numeric_scale int4,datetime_precision int4,interval_type varchar,"
       "interval_precision int4,type_udt_catalog name,type_udt_schema name,type_udt_name name,scope_catalog name,"
       "scope_schema name,scope_name name,maximum_cardinality int4,dtd_identifier name,routine_body varchar,"
       "routine_definition varchar,external_name varchar,external_language varchar,parameter_style varchar,"
       "is_deterministic varchar,sql_data_access varchar,is_null_call varchar,sql_path varchar,"
       "schema_level_routine varchar,max_dynamic_result_sets int4,is_user_defined_cast varchar,"
       "is_implicitly_invocable varchar,security_type varchar,to_sql_specific_catalog name,to_sql_specific_schema name,"
       "to_sql_specific_name name,as_locator varchar,created timestamptz,last_altered timestamptz,"
       "new_savepoint_level varchar,is_udt_dependent varchar,result_cast_from_data_type varchar,"
       "result_cast_as_locator varchar,result_cast_char_max_length int4,result_cast_char_octet_length int4,"
       "result_cast_char_set_catalog name,result_cast_char_set_schema name,result_cast_char_set_name name,"
       "result_cast_collation_catalog name,result_cast_collation_schema name,result_cast_collation_name name,"
       "result_cast_numeric_precision int4,result_cast_numeric_precision_radix int4,result_cast_numeric_scale int4,"
       "result_cast_datetime_precision int4,result_cast_interval_type varchar,result_cast_interval_precision int4,"
       "result_cast_type_udt_catalog name,result_cast_type_udt_schema name,result_cast_type_udt_name name,"
       "result_cast_scope_catalog name,result_cast_scope_schema name,result_cast_scope_name name,"
       "result_cast_maximum_cardinality int4,result_cast_dtd_identifier name"},
      {"information_schema", "parameters", 13334,
       "specific_catalog name,specific_schema name,specific_name name,ordinal_position int4,parameter_mode varchar,"
       "is_result varchar,as_locator varchar,parameter_name name,data_type varchar,character_maximum_length int4,"
       "character_octet_length int4,character_set_catalog name,character_set_schema name,character_set_name name,"
       "collation_catalog name,collation_schema name,collation_name name,numeric_precision int4,"
       "numeric_precision_radix int4,numeric_scale int4,datetime_precision int4,interval_type varchar,"
       "interval_precision int4,udt_catalog name,udt_schema name,udt_name name,scope_catalog name,scope_schema name,"
       "scope_name name,maximum_cardinality int4,dtd_identifier name,parameter_default varchar"},
      {"information_schema", "role_table_grants", 13421,
       "grantor name,grantee name,table_catalog name,table_schema name,table_name name,privilege_type varchar,"
       "is_grantable varchar,with_hierarchy varchar"},
      {"information_schema", "table_privileges", 13416,
       "grantor name,grantee name,table_catalog name,table_schema name,table_name name,privilege_type varchar,"
       "is_grantable varchar,with_hierarchy varchar"},
      {"information_schema", "role_usage_grants", 13459,
       "grantor name,grantee name,object_catalog name,object_schema name,object_name name,object_type varchar,"
       "privilege_type varchar,is_grantable varchar"},
      {"information_schema", "foreign_tables", 13541,
       "foreign_table_catalog name,foreign_table_schema name,foreign_table_name name,foreign_server_catalog name,"
       "foreign_server_name name"},
      {"information_schema", "sequences", 13386,
       "sequence_catalog name,sequence_schema name,sequence_name name,data_type varchar,numeric_precision int4,"
       "numeric_precision_radix int4,numeric_scale int4,start_value varchar,minimum_value varchar,"
       "maximum_value varchar,increment varchar,cycle_option varchar"},
      {"information_schema", "character_sets", 13250,
       "character_set_catalog name,character_set_schema name,character_set_name name,character_repertoire name,"
       "form_of_use name,default_collate_catalog name,default_collate_schema name,default_collate_name name"},
      {"timescaledb_information", "data_nodes", 14000,
       "node_name name,owner name,options _text"},
      {"timescaledb_information", "hypertables", 14001,
       "hypertable_schema name,hypertable_name name,owner name,num_dimensions int2,num_chunks int8,"
       "compression_enabled bool,is_distributed bool,replication_factor int2,data_nodes _name,tablespaces _name"},
      {"timescaledb_information", "chunks", 14002,
       "hypertable_schema name,hypertable_name name,chunk_schema name,chunk_name name,primary_dimension name,"
       "primary_dimension_type regtype,range_start timestamptz,range_end timestamptz,range_start_integer int8,"
       "range_end_integer int8,is_compressed bool,chunk_tablespace name,data_nodes _name,"
       "chunk_creation_time timestamptz"},
      {"timescaledb_information", "dimensions", 14003,
       "hypertable_schema name,hypertable_name name,dimension_number int8,column_name name,column_type regtype,"
       "dimension_type text,time_interval interval,integer_interval int8,integer_now_func name,num_partitions int2"},
      {"timescaledb_information", "compression_settings", 14004,
       "hypertable_schema name,hypertable_name name,attname name,segmentby_column_index int2,orderby_column_index int2,"
       "orderby_asc bool,orderby_nullsfirst bool"},
      {"timescaledb_information", "jobs", 14005,
       "job_id int4,application_name name,schedule_interval interval,max_runtime interval,max_retries int4,"
       "retry_period interval,proc_schema name,proc_name name,owner regrole,scheduled bool,fixed_schedule bool,"
       "config jsonb,next_start timestamptz,initial_start timestamptz,hypertable_schema name,hypertable_name name,"
       "check_schema name,check_name name"},
      {"timescaledb_information", "job_stats", 14006,
       "hypertable_schema name,hypertable_name name,job_id int4,last_run_started_at timestamptz,"
       "last_successful_finish timestamptz,last_run_status text,job_status text,last_run_duration interval,"
       "next_start timestamptz,total_runs int8,total_successes int8,total_failures int8"},
      {"timescaledb_information", "job_errors", 14007,
       "job_id int4,proc_schema text,proc_name text,pid int4,start_time timestamptz,finish_time timestamptz,"
       "sqlerrcode text,err_message text"},
      {"timescaledb_information", "continuous_aggregates", 14008,
       "hypertable_schema name,hypertable_name name,view_schema name,view_name name,view_owner name,"
       "materialized_only bool,compression_enabled bool,materialization_hypertable_schema name,"
       "materialization_hypertable_name name,view_definition text,finalized bool"},
      {"timescaledb_experimental", "chunk_replication_status", 14009,
       "hypertable_schema name,hypertable_name name,chunk_schema name,chunk_name name,desired_num_replicas int2,"
       "num_replicas int8,replica_nodes _name,non_replica_nodes _name"},
      {"tsd", "column_stats", 14100,
       "hypertable_schema name,hypertable_name name,chunk_schema name,chunk_name name,node_name name,column_name name,"
       "data_type text,encoding text,blocks int8,rows int8,null_count int8,bytes int8,minimum text,maximum text",
       "SELECT * FROM tsd.column_statistics()"},
  };
  return *all;
}

}  // namespace tsd::coord
